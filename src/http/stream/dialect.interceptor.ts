import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { Observable, type Subscriber } from 'rxjs';
import type { AnswerWriter } from './answer-writer.js';
import type { StartedGeneration } from './generation-starter.js';

/** Set by `DialectController`: makes the writer of one answer. */
export const AnswerWriterFactory =
  Reflector.createDecorator<
    (
      response: Response,
      subscriber: Subscriber<unknown>,
    ) => Pick<AnswerWriter<unknown, unknown>, 'listenTo' | typeof Symbol.dispose>
  >();

/**
 * Writes what the handlers of a dialect's controller return. It stands outermost: what fails before
 * the response is committed is left to the exception filter, with its real status.
 */
@Injectable()
export class DialectInterceptor implements NestInterceptor<StartedGeneration<unknown>, unknown> {
  constructor(private readonly reflector: Reflector) {}

  intercept(
    context: ExecutionContext,
    next: CallHandler<StartedGeneration<unknown>>,
  ): Observable<unknown> {
    const writerOf = this.reflector.get(AnswerWriterFactory, context.getClass());
    const response = context.switchToHttp().getResponse<Response>();
    return new Observable((subscriber) => {
      const writer = writerOf(response, subscriber);
      subscriber.add(() => writer[Symbol.dispose]());
      writer.listenTo(next.handle());
    });
  }
}
