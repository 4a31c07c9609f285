import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import type { ConfigFault } from '../load/config-error.js';
import { childPath, type ConfigPath } from '../load/config-path.js';
import type { GatewayConfig } from '../schema/gateway-config.js';

/** What the fields' own rules say against `config`. */
export function fieldFaults(config: GatewayConfig): ConfigFault[] {
  const errors = validateSync(config, { whitelist: true, forbidNonWhitelisted: true });
  return errors.flatMap((error) => faultsOf(error, ''));
}

function faultsOf(error: ValidationError, parent: ConfigPath): ConfigFault[] {
  const { property, target, constraints, children = [] } = error;
  const path = childPath(parent, Array.isArray(target) ? Number(property) : property);
  const own = constraints ? [{ path, message: messageOf(error, constraints) }] : [];
  return [...own, ...children.flatMap((child) => faultsOf(child, path))];
}

function messageOf(
  { target, value, property }: ValidationError,
  constraints: Readonly<Record<string, string>>,
): string {
  if ('whitelistValidation' in constraints) {
    const { formerKeys = {} } = (target?.constructor ?? {}) as {
      readonly formerKeys?: Readonly<Record<string, string>>;
    };
    const now = Object.hasOwn(formerKeys, property) ? formerKeys[property] : undefined;
    if (now !== undefined) return `is called "${now}" now: rename it`;
    return `is not a known key; known here are: ${fieldsOf(target?.constructor).join(', ')}`;
  }
  const complaint = Object.values(constraints)[0] ?? 'is wrong';
  if (value === undefined) return `is missing: it ${complaint}`;
  return value === null ? `has no value: it ${complaint}` : complaint;
}

/** The fields of a class: whatever has a rule. */
export function fieldsOf(type: unknown): string[] {
  if (typeof type !== 'function') return [];
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  return [...new Set(rules.map(({ propertyName }) => propertyName))];
}
