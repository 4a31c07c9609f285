import { findPackageJSON } from 'node:module';

/** What the sandbox is made of is an optional dependency, which the image goes without (ADR 34). */
export function isSandboxInstalled(): boolean {
  try {
    return findPackageJSON('@copilotkit/aimock', import.meta.url) !== undefined;
  } catch {
    return false;
  }
}
