import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

type Claims = Readonly<Record<string, unknown>>;

/** An identity provider on the loopback: it signs tokens, and lists its public keys. */
export class IdentityProvider {
  readonly audience = 'sluice';
  /** How often its keys were asked for. */
  asked = 0;
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #listed: SigningKey[] = [];
  #answer: RequestListener = (_request, response) => {
    this.asked += 1;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: this.#listed.map(({ jwk }) => jwk) }));
  };
  #url = '';

  static async start(): Promise<IdentityProvider> {
    const provider = new IdentityProvider();
    provider.#server.listen(0, '127.0.0.1');
    await once(provider.#server, 'listening');
    const { port } = provider.#server.address() as AddressInfo;
    provider.#url = `http://127.0.0.1:${port}`;
    await provider.rotate('key-1');
    return provider;
  }

  /** For `access.jwt`. */
  get config(): { jwksUrl: string; issuer: string; audience: string } {
    return { jwksUrl: `${this.#url}/jwks`, issuer: this.#url, audience: this.audience };
  }

  /** From now on it signs with a new key, and lists no other. */
  async rotate(kid: string, alg = 'RS256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
    this.#listed = [{ kid, alg, privateKey, jwk }];
  }

  /** It answers whoever asks for its keys like this. */
  answersWith(answer: RequestListener): void {
    this.#answer = answer;
  }

  /** @param claims `undefined` takes a claim away */
  async token(claims: Claims = {}, header: object = {}): Promise<string> {
    const [key] = this.#listed;
    const now = Math.floor(Date.now() / 1000);
    const all = {
      iss: this.#url,
      aud: this.audience,
      sub: 'alice',
      iat: now,
      exp: now + 60,
      ...claims,
    };
    const said = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    // Wrong ones, too: a real provider's are what it makes of them.
    return new SignJWT(said)
      .setProtectedHeader({ alg: key!.alg, kid: key!.kid, ...header })
      .sign(key!.privateKey);
  }

  async headers(claims: Claims = {}, header: object = {}): Promise<{ authorization: string }> {
    return { authorization: `Bearer ${await this.token(claims, header)}` };
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
