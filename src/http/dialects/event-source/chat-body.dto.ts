import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { schemaRef } from '../../json-schema.js';
import { CHAT_ROLES, type ChatContentPart } from './parse-messages.js';

// The arrays below are not `readonly`: the swagger plugin takes those for strings.

export class ChatToolCall {
  /** @example "call_1" */
  @IsString()
  readonly id: string;

  /** @example "get_weather" */
  @IsString()
  readonly name: string;

  /** JSON text. @example "{\"city\":\"Bern\"}" */
  @IsString()
  readonly arguments: string;
}

export class ChatMessage {
  /** @example "user" */
  @IsIn(CHAT_ROLES)
  readonly role: (typeof CHAT_ROLES)[number];

  /** Text, or an array of `{type: "text", text}` and `{type: "image", url}`. @example "Why is the sky blue?" */
  @ApiProperty({
    oneOf: [{ type: 'string' }, { type: 'array', items: schemaRef('ChatContentPart') }],
  })
  @IsOptional()
  readonly content?: string | readonly ChatContentPart[];

  /** On an assistant's message: the tools it called. */
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ChatToolCall)
  readonly toolCalls?: ChatToolCall[];

  /** On a tool's message: the call it answers. */
  @IsOptional()
  @IsString()
  readonly toolCallId?: string;
}

export class ChatTool {
  /** @example "get_weather" */
  @IsString()
  @IsNotEmpty()
  readonly name: string;

  /** @example "The weather in a city, right now." */
  @IsOptional()
  @IsString()
  readonly description?: string;

  /** JSON Schema of the arguments. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsObject()
  readonly parameters?: Record<string, unknown>;
}

/**
 * `POST /chat`. A field that is not here is refused. The rules of these classes are read when they
 * are compiled, for the OpenAPI document; `parse-request.ts` enforces them, and its test holds the two together.
 */
export class ChatBody {
  @IsArray()
  @ArrayNotEmpty()
  @ValidateNested({ each: true })
  @Type(() => ChatMessage)
  readonly messages: ChatMessage[];

  /** A configured model; the default model otherwise. @example "gpt-4o" */
  @IsOptional()
  @IsString()
  readonly model?: string;

  /** Instructions for the model, before all messages. */
  @IsOptional()
  @IsString()
  readonly system?: string;

  @IsOptional()
  @IsNumber()
  @Min(0)
  readonly temperature?: number;

  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  readonly topP?: number;

  @IsOptional()
  @IsInt()
  @Min(1)
  readonly maxTokens?: number;

  /** Texts that end the answer. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  readonly stop?: string[];

  @IsOptional()
  @IsInt()
  readonly seed?: number;

  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ChatTool)
  readonly tools?: ChatTool[];
}
