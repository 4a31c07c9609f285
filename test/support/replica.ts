import { ConfigFile } from './config-file.js';
import { freePort } from './free-port.js';
import { SluiceProcess } from './sluice-process.js';

/** A replica: the built service on a port that it keeps through restarts, as a pod keeps its place. */
export class Replica {
  #process: SluiceProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly config: ConfigFile,
  ) {}

  static async start(config: object): Promise<Replica> {
    const replica = new Replica(await freePort(), await ConfigFile.write(config));
    await replica.start();
    return replica;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get process(): SluiceProcess {
    if (!this.#process) throw new Error('It was not started.');
    return this.#process;
  }

  async start(): Promise<void> {
    const env = { PORT: String(this.port), SLUICE_CONFIG: this.config.path };
    this.#process = SluiceProcess.spawn(env);
    await this.#process.listening();
  }

  /** As Kubernetes does it: SIGTERM, its exit, a new process. */
  async restart(): Promise<number | null> {
    this.process.signal('SIGTERM');
    const code = await this.process.exit();
    await this.start();
    return code;
  }

  async stop(): Promise<void> {
    await this.#process?.kill();
    await this.config.remove();
  }
}
