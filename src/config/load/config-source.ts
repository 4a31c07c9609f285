import type { GatewayConfig } from '../schema/gateway-config.js';
import { configFileIn, readConfigFile } from './config-file.js';
import { withDotEnv } from './environment.js';
import { FilesRead } from './files-read.js';
import { parseConfig } from './load-config.js';

type Environment = Readonly<NodeJS.ProcessEnv>;

/**
 * Where the configuration comes from: a YAML file, and the environment with `.env` (if the working
 * directory has one; the environment wins) as both were at the start.
 */
export class ConfigSource {
  private constructor(
    readonly file: string,
    private readonly env: Environment,
  ) {}

  /**
   * The file that SLUICE_CONFIG names.
   * @param fallbackFile the file to read when that is not set
   * @throws ConfigError when no file is named, or `.env` cannot be read
   */
  static inEnvironment(fallbackFile?: string, env: Environment = process.env): ConfigSource {
    const allEnv = withDotEnv(env);
    return new ConfigSource(configFileIn(allEnv, fallbackFile), allEnv);
  }

  /** @throws ConfigError when `.env` cannot be read */
  static of(file: string, env: Environment = process.env): ConfigSource {
    return new ConfigSource(file, withDotEnv(env));
  }

  /**
   * @param files notes what is read
   * @throws ConfigError that lists every fault
   */
  load(files = new FilesRead()): GatewayConfig {
    const { file } = this;
    const { value, sha256, lineOf } = readConfigFile(file, files);
    return parseConfig(value, this.env, { file, sha256, lineOf, files });
  }
}
