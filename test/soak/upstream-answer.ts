import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../load/random.js';
import type { Fault } from './upstream-faults.js';
import type { Wire } from '../load/upstream-wires.js';

/** One answer, or what becomes of it. */
export class UpstreamAnswer {
  constructor(
    private readonly response: ServerResponse,
    private readonly wire: Wire,
    private readonly random: Random,
    private readonly endless: boolean,
  ) {}

  async play(fault: Fault, tokens: readonly string[], streams: boolean): Promise<void> {
    if (this.#refuses(fault)) return;
    if (fault === 'silentBefore') return;
    if (streams) await this.#stream(fault, tokens);
    else await this.#whole(fault, tokens.join(''));
  }

  /** What happens instead of a 200. */
  #refuses(fault: Fault): boolean {
    const { response } = this;
    switch (fault) {
      case 'limited':
        this.#fail(429, {});
        return true;
      case 'limitedFor':
        this.#fail(429, { 'retry-after-ms': String(this.random.between(1, 80)) });
        return true;
      case 'limitedForSeconds':
        this.#fail(429, { 'retry-after': '1' });
        return true;
      case 'error500':
        this.#fail(500, {});
        return true;
      case 'error503':
        this.#fail(503, {});
        return true;
      case 'refused':
        this.#fail(401, {});
        return true;
      case 'page':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>It works!</html>');
        return true;
      case 'resetBefore':
        response.socket?.resetAndDestroy();
        return true;
      case 'cutBefore':
        response.socket?.end();
        return true;
      default:
        return false;
    }
  }

  async #stream(fault: Fault, tokens: readonly string[]): Promise<void> {
    const { wire, random } = this;
    this.response.writeHead(200, { 'content-type': wire.type }).flushHeaders();
    if (fault === 'silentAfterHeaders') return;
    if (fault === 'onlyPings') return this.#ping();
    if (fault === 'errorFirst') return this.#end(wire.error);
    if (fault === 'eofFirst') return this.#end('');
    if (this.endless) for (;;) await this.#write(wire.token('x'.repeat(16 * 1024)));

    await this.#write(wire.opening);
    // Faults within an answer come after at least its first token.
    const isWithin = fault.endsWith('Within');
    const sent = isWithin ? random.between(1, tokens.length) : tokens.length;
    for (const token of tokens.slice(0, sent)) await this.#token(fault, token);
    if (isWithin) return this.#break(fault);

    await this.#write(wire.finish);
    if (fault === 'finishThenReset') return this.#reset();
    if (fault === 'finishThenSilence') return undefined;
    this.#end(fault === 'noDone' ? '' : wire.done);
  }

  async #token(fault: Fault, token: string): Promise<void> {
    const { wire, random } = this;
    if (fault === 'noise' && random.chance(0.5)) await this.#write(wire.noise);
    const frame = wire.token(
      token,
      fault === 'large' ? 'x'.repeat(random.between(1, 200_000)) : '',
    );
    if (fault !== 'pieces') await this.#write(frame);
    else for (const byte of Buffer.from(frame)) await this.#write(Uint8Array.of(byte));
    if (token.length < 100 && random.chance(0.5)) await sleep(random.between(0, 40));
  }

  async #break(fault: Fault): Promise<void> {
    const { wire } = this;
    switch (fault) {
      case 'errorWithin':
        return this.#end(wire.error);
      case 'eofWithin':
        return this.#end('');
      case 'brokenWithin':
        return this.#end(wire.broken);
      case 'hugeWithin':
        await this.#write(wire.token('', 'x'.repeat(1_200_000)));
        return this.#end(wire.finish);
      case 'cutWithin':
        this.response.socket?.end();
        return undefined;
      case 'resetWithin':
        return this.#reset();
      default:
        // Silence.
        return undefined;
    }
  }

  async #whole(fault: Fault, text: string): Promise<void> {
    const json = JSON.stringify(this.wire.whole(text));
    this.response.writeHead(200, { 'content-type': 'application/json' });
    if (this.random.chance(0.7)) await sleep(this.random.between(0, 30));
    if (fault === 'errorFirst' || fault === 'errorWithin') {
      return this.#end('{"error":{"message":"It broke.","type":"server_error"}}');
    }
    const isBroken = /^(silent|eof|cut|reset|broken)|^onlyPings/.test(fault);
    if (!isBroken) return this.#end(json);
    await this.#write(json.slice(0, this.random.between(1, json.length - 1)));
    if (fault.startsWith('eof') || fault.startsWith('broken')) return this.#end('');
    if (fault.startsWith('cut')) this.response.socket?.end();
    if (fault.startsWith('reset')) this.#reset();
  }

  /** Alive, but without an answer, until Sluice has had enough. */
  async #ping(): Promise<void> {
    for (;;) {
      await this.#write(this.wire.ping);
      await sleep(20);
    }
  }

  async #write(data: string | Uint8Array): Promise<void> {
    const { response } = this;
    if (response.destroyed) throw new Error('Sluice left.');
    if (data.length === 0 || response.write(data)) return;
    await drainedOrClosed(response);
  }

  #end(last: string): void {
    this.response.end(last);
  }

  #reset(): void {
    this.response.socket?.resetAndDestroy();
  }

  #fail(status: number, headers: Record<string, string>): void {
    this.response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.response.end('{"error":{"message":"Not now.","type":"server_error"}}');
  }
}

function drainedOrClosed(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });
}
