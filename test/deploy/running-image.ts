import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigFile } from '../support/config-file.js';
import { freePort } from '../support/free-port.js';
import { openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import type { SluiceProcess } from '../support/sluice-process.js';
import { CAN_MOUNT, Container } from './container.js';
import type { BuiltImage } from './image-build.js';

interface Settings {
  /** What is not as in the least configuration. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
}

/** A container with a configuration, a volume and an upstream. */
export class RunningImage implements AsyncDisposable {
  private constructor(
    readonly container: Container,
    readonly sluice: SluiceProcess,
    readonly config: ConfigFile,
    readonly volume: string,
    private readonly upstream: ScriptedUpstream,
  ) {}

  static async start(image: BuiltImage, settings: Settings = {}): Promise<RunningImage> {
    const upstream = await ScriptedUpstream.start();
    upstream.script(openAi.streamsText(['Hello', ' world']));
    const volume = mkdtempSync(join(tmpdir(), 'sluice-volume-'));
    if (CAN_MOUNT) chownSync(volume, 1000, 1000);
    const config = await ConfigFile.write({
      access: { allowOpen: true },
      drain: { delayMs: 0 },
      backends: [{ id: 'a', kind: 'openai', baseUrl: upstream.openaiUrl }],
      models: [{ id: 'm', targets: ['a/m'] }],
      usage: { file: join(volume, 'usage.sqlite') },
      ...settings.config,
    });
    // For the image's user.
    chmodSync(dirname(config.path), 0o755);
    const port = String(await freePort());
    const env = { SLUICE_CONFIG: config.path, PORT: port, ...settings.env };
    const container = new Container(image, { env, volume });
    return new RunningImage(container, container.start(), config, volume, upstream);
  }

  /** A streamed answer, to its end. */
  async ask(): Promise<string> {
    const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] };
    const response = await fetch(`${await this.sluice.listening()}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return response.text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sluice.kill();
    await this.config.remove();
    await this.upstream.close();
    rmSync(this.volume, { recursive: true });
  }
}
