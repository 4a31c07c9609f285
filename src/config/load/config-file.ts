import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError, errorCode } from './config-error.js';
import { parseYaml } from './yaml.js';

const SMALLEST = `The smallest one is:

    backends:
      - { id: ollama, kind: ollama, baseUrl: "http://127.0.0.1:11434" }
    models:
      - { id: llama3, targets: [ollama/llama3] }
`;

/** @throws ConfigError when no file is named */
export function configFileIn(env: NodeJS.ProcessEnv, fallbackFile: string | undefined): string {
  const file = env['SLUICE_CONFIG'] || fallbackFile;
  if (file) return file;
  const message = `is not set. Name a configuration file in it:

    SLUICE_CONFIG=config/openai-ollama.yaml node dist/main.js

  ${SMALLEST}`;
  throw new ConfigError([{ path: 'SLUICE_CONFIG', message }]);
}

/** What a YAML file says, nothing in it expanded or checked. @throws ConfigError */
export function readConfigFile(file: string): unknown {
  const { value, faults } = parseYaml(readText(file));
  if (faults.length > 0) {
    const named = faults.map(({ line, column, message }) => ({
      path: `${file}:${line}:${column}`,
      message,
    }));
    throw new ConfigError(named, file);
  }
  if (value === null) throw fileError(file, `is empty. ${SMALLEST}`);
  return value;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw fileError(file, `${why}; looked for ${resolve(file)}`);
  }
}

function fileError(file: string, message: string): ConfigError {
  return new ConfigError([{ path: file, message }], file);
}
