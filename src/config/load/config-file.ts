import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import { ConfigError, errorCode } from './config-error.js';
import type { FilesRead } from './files-read.js';
import { type ParsedYaml, parseYaml } from './yaml.js';

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

/** A file as YAML reads it, nothing in it expanded or checked. */
export interface ReadConfigFile extends Pick<ParsedYaml, 'value' | 'lineOf'> {
  /** Of its content, as `sha256sum` has it. */
  readonly sha256: string;
}

/** @throws ConfigError */
export function readConfigFile(file: string, files: FilesRead): ReadConfigFile {
  const text = readText(file, files);
  const { value, faults, lineOf } = parseYaml(text);
  if (faults.length > 0) {
    const named = faults.map(({ line, column, message }) => ({
      path: `${file}:${line}:${column}`,
      message,
    }));
    throw new ConfigError(named, file);
  }
  if (value === null) throw fileError(file, `is empty. ${SMALLEST}`);
  return { value, lineOf, sha256: hash('sha256', text) };
}

function readText(file: string, files: FilesRead): string {
  try {
    return files.read(file);
  } catch (error) {
    const code = errorCode(error);
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw fileError(file, `${why}; looked for ${resolve(file)}`);
  }
}

function fileError(file: string, message: string): ConfigError {
  return new ConfigError([{ path: file, message }], file);
}
