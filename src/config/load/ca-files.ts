import { X509Certificate } from 'node:crypto';
import { BackendConfig } from '../schema/backend-config.js';
import type { GatewayConfig } from '../schema/gateway-config.js';
import { type ConfigFault, errorCode } from './config-error.js';
import type { FilesRead } from './files-read.js';

/** What is in the `caFile`s of a configuration, by their paths. */
export interface CaFiles {
  readonly contents: ReadonlyMap<string, string>;
  readonly faults: readonly ConfigFault[];
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * Reads them when the configuration is read: every request would fail with a wrong one, and a backend
 * is another one when its authorities change.
 */
export function readCaFiles({ backends }: GatewayConfig, files: FilesRead): CaFiles {
  const contents = new Map<string, string>();
  const faults: ConfigFault[] = [];
  for (const [index, backend] of asList(backends).entries()) {
    if (!(backend instanceof BackendConfig) || !isPath(backend.caFile)) continue;
    const message = complaintAbout(backend.caFile);
    if (message !== undefined) faults.push({ path: `backends[${index}].caFile`, message });
  }
  return { contents, faults };

  function complaintAbout(path: string): string | undefined {
    try {
      const pem = files.read(path);
      contents.set(path, pem);
      return areCertificates(pem) ? undefined : 'must be a PEM file with certificates';
    } catch (error) {
      return `must be a file that can be read (${errorCode(error)})`;
    }
  }
}

function areCertificates(pem: string): boolean {
  const certificates = pem.match(CERTIFICATE) ?? [];
  try {
    return (
      certificates.length > 0 &&
      certificates.every((each) => new X509Certificate(each).serialNumber)
    );
  } catch {
    return false;
  }
}

/** The fields may be wrong in themselves. */
function asList(items: unknown): readonly unknown[] {
  return Array.isArray(items) ? items : [];
}

/** What is no path has a fault of its own. */
function isPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
