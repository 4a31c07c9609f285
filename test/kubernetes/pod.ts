import { SluiceProcess } from '../support/sluice-process.js';
import { type Container, type Manifest, oneOf } from './manifest.js';
import { type Files, MountedVolume } from './mounted-volume.js';
import { sluiceYamlIn } from './sluice-config.js';

/** What the image says. */
const IMAGE_ENV = { NODE_ENV: 'production', HOST: '0.0.0.0' };

/** The container of a Deployment as a process of this machine: its environment, its volumes, free ports. */
export class Pod {
  private constructor(
    private readonly container: Container,
    private readonly config: MountedVolume,
    readonly secrets: MountedVolume,
  ) {}

  /** @param changed what the test needs otherwise in the configuration, such as the URL of an upstream */
  static async of(
    manifests: readonly Manifest[],
    secretFiles: Files,
    changed: (sluiceYaml: string) => string = (text) => text,
  ): Promise<Pod> {
    const secrets = await MountedVolume.mount(secretFiles);
    const container = oneOf(manifests, 'Deployment').spec.template.spec.containers[0];
    // A pod has its ports to itself.
    const text = changed(sluiceYamlIn(manifests)).replace(/adminPort: \d+/, 'adminPort: 0');
    const located = text.replaceAll(mountPathOf(container, 'secrets'), secrets.path);
    return new Pod(container, await MountedVolume.mount({ 'sluice.yaml': located }), secrets);
  }

  start(): SluiceProcess {
    return SluiceProcess.spawn({ ...this.#env(), PORT: '0' });
  }

  /** As an operator checks it before it is applied. */
  check(): SluiceProcess {
    return SluiceProcess.spawn(this.#env(), ['--check']);
  }

  async remove(): Promise<void> {
    await this.config.remove();
    await this.secrets.remove();
  }

  #env(): Record<string, string> {
    const configPath = mountPathOf(this.container, 'config');
    const own = this.container.env.map(({ name, value }) => [
      name,
      value.replace(configPath, this.config.path),
    ]);
    return { ...IMAGE_ENV, ...Object.fromEntries(own) };
  }
}

function mountPathOf({ volumeMounts }: Container, volume: string): string {
  const mount = volumeMounts.find(({ name }) => name === volume);
  if (mount === undefined) throw new Error(`Nothing mounts ${volume}.`);
  return mount.mountPath;
}
