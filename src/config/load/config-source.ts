import type { GatewayConfig } from '../schema/gateway-config.js';
import { configFileIn, readConfigFile } from './config-file.js';
import { withDotEnv } from './environment.js';
import { FilesRead } from './files-read.js';
import { parseConfig } from './load-config.js';

/**
 * Where the configuration comes from: the YAML file that SLUICE_CONFIG names, and the environment with
 * `.env` (if the working directory has one; the environment wins), as both were at the start.
 */
export class ConfigSource {
  readonly file: string;
  readonly #env: NodeJS.ProcessEnv;

  /**
   * @param fallbackFile the file to read when SLUICE_CONFIG is not set
   * @throws ConfigError when no file is named, or `.env` cannot be read
   */
  constructor(fallbackFile?: string, env: NodeJS.ProcessEnv = process.env) {
    this.#env = withDotEnv(env);
    this.file = configFileIn(this.#env, fallbackFile);
  }

  /**
   * @param files notes what is read
   * @throws ConfigError that lists every fault
   */
  load(files = new FilesRead()): GatewayConfig {
    const { value, sha256, lineOf } = readConfigFile(this.file, files);
    return parseConfig(value, this.#env, { file: this.file, sha256, lineOf, files });
  }
}
