import { registerDecorator } from 'class-validator';
import { isJsonObject } from '../../contract/json.js';

/** Validates text, or an array of text and image parts. */
export function IsMessageContent(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'isMessageContent',
      target: target.constructor,
      propertyName: String(property),
      validator: {
        validate: (value: unknown) =>
          typeof value === 'string' || (Array.isArray(value) && value.every(isPart)),
        defaultMessage: () =>
          '$property must be text, or an array of {type: "text", text} and {type: "image", url}',
      },
    });
}

function isPart(part: unknown): boolean {
  if (!isJsonObject(part)) return false;
  const field = part['type'] === 'text' ? 'text' : part['type'] === 'image' ? 'url' : undefined;
  return field !== undefined && typeof part[field] === 'string' && Object.keys(part).length === 2;
}
