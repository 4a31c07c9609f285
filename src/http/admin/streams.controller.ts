import { Controller, Delete, Get, Logger, NotFoundException, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';
import { RunningGenerations } from '../../generation/running-generations.js';
import { FlightRecorder } from '../../telemetry/flight-recorder.js';
import { ApiErrors } from '../errors/errors.docs.js';
import { ADMIN_ONLY, NO_SUCH_STREAM, WRONG_PARAMETER } from './admin.docs.js';
import { parseCallerQuery, parseStreamQuery } from './parse-stream-query.js';
import { ClosedStreams, StreamDetails, StreamList } from './stream.dto.js';
import { toSummary } from './to-summary.js';

/** Streams that run, and the last thousand that have ended. */
@ApiTags('admin')
@Controller('admin/streams')
export class StreamsController {
  readonly #logger = new Logger('Admin');

  constructor(
    private readonly recorder: FlightRecorder,
    private readonly running: RunningGenerations,
  ) {}

  /** Who is served, and was: open streams and the last ones that have ended. */
  @Get()
  @ApiQuery({ name: 'state', required: false, enum: ['open', 'ended'] })
  @ApiQuery({ name: 'caller', required: false, type: String })
  @ApiQuery({ name: 'model', required: false, type: String })
  @ApiQuery({ name: 'endReason', required: false, type: String })
  @ApiQuery({ name: 'limit', required: false, type: 'integer', description: 'Absent: 100.' })
  @ApiErrors({ also: [WRONG_PARAMETER, ADMIN_ONLY] })
  list(@Query() query: Request['query']): StreamList {
    const { limit, ...filter } = parseStreamQuery(query);
    return { streams: this.recorder.streams(filter, limit).map(toSummary) };
  }

  /** One stream, with its attempts and its longest waits. */
  @Get(':streamId')
  @ApiErrors({ also: [NO_SUCH_STREAM, ADMIN_ONLY] })
  one(@Param('streamId') streamId: string): StreamDetails {
    const stream = this.recorder.find(streamId);
    if (!stream) throw noSuchStream();
    return stream;
  }

  /** Ends a stream; its caller is told. */
  @Delete(':streamId')
  @ApiErrors({ also: [NO_SUCH_STREAM, ADMIN_ONLY] })
  end(@Param('streamId') streamId: string): ClosedStreams {
    const closed = this.running.abort(operatorClosed(), ({ id }) => id === streamId);
    if (closed === 0) throw noSuchStream();
    this.#logger.warn('stream ended by an operator', { streamId });
    return { closed };
  }

  /** Ends all streams of a caller, such as one whose key has leaked. */
  @Delete()
  @ApiOperation({ description: 'Its next request is served, unless its key is disabled before.' })
  @ApiQuery({ name: 'caller', required: true, type: String })
  @ApiErrors({ also: [WRONG_PARAMETER, ADMIN_ONLY] })
  endAllOf(@Query() query: Request['query']): ClosedStreams {
    const caller = parseCallerQuery(query);
    const closed = this.running.abort(operatorClosed(), (which) => which.caller === caller);
    this.#logger.warn('streams ended by an operator', { caller, closed });
    return { closed };
  }
}

function operatorClosed(): GatewayError {
  return new GatewayError('operator_closed');
}

function noSuchStream(): NotFoundException {
  return new NotFoundException('There is no such stream here, or it has ended too long ago.');
}
