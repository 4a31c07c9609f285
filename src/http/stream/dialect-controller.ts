import { applyDecorators, Controller, UseInterceptors } from '@nestjs/common';
import { TokenMetricsInterceptor } from '../../telemetry/token-metrics.interceptor.js';
import type { Dialect } from '../dialects/dialect.js';
import { AnswerWriter } from './answer-writer.js';
import { AnswerWriterFactory, DialectInterceptor } from './dialect.interceptor.js';
import type { FrameSinkClass } from './frame-sink.js';

/** A controller whose handlers return what `GenerationStarter.start` gives them, to be told in `dialect`. */
export function DialectController<Options, Frame>(
  path: string,
  dialect: Dialect<Options, Frame>,
  Sink: FrameSinkClass<Frame>,
): ClassDecorator {
  return applyDecorators(
    Controller(path),
    AnswerWriterFactory((response, subscriber) => {
      const sink = new Sink(response, dialect.contentType, subscriber);
      return new AnswerWriter(dialect, sink, response, subscriber);
    }),
    UseInterceptors(DialectInterceptor, TokenMetricsInterceptor),
  );
}
