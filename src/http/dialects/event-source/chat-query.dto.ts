import { IsNotEmpty, IsOptional, IsString, MaxLength } from 'class-validator';

/** Longer prompts do not fit into a URL that every proxy takes: they use POST. */
const MAX_MESSAGE_CHARS = 4000;

/** `GET /chat`, for a browser's EventSource. */
export class ChatQuery {
  /** What the user says, at most 4,000 characters; longer ones use POST. @example "Why is the sky blue?" */
  @IsNotEmpty({ message: '$property is missing' })
  @IsString({ message: '$property must be given once' })
  @MaxLength(MAX_MESSAGE_CHARS, {
    message: `$property is longer than ${MAX_MESSAGE_CHARS} characters: use POST /chat`,
  })
  readonly message: string;

  /** A configured model; the default model otherwise. @example "gpt-4o" */
  @IsOptional()
  @IsString({ message: '$property must be given once' })
  readonly model?: string;

  /** Instructions for the model. @example "Answer in one sentence." */
  @IsOptional()
  @IsString({ message: '$property must be given once' })
  readonly system?: string;
}
