import { Controller, type MessageEvent, Res, Sse } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiOkResponse,
  ApiProduces,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { filter, map, type Observable, takeWhile, timer } from 'rxjs';
import { LiveConfig } from '../../config/live-config.js';
import { ConcurrencyLimiter } from '../../generation/admission/concurrency-limiter.js';
import { FlightRecorder } from '../../telemetry/flight-recorder.js';
import { ApiErrors } from '../errors/errors.docs.js';
import { ADMIN_ONLY } from './admin.docs.js';
import { AdminSnapshot } from './snapshot.dto.js';
import { toSummary } from './to-summary.js';
import { TargetReports } from './target-reports.js';

const EVERY_MS = 1000;

/** So long one snapshot is everybody's: to make and to write down one takes milliseconds. */
const FRESH_MS = 500;

/** What a person can look at. */
const MAX_OPEN = 100;
const MAX_ENDED = 50;

/** What goes on here, again and again, for a page that stays open. */
@ApiTags('admin')
@Controller('admin/events')
export class EventsController {
  #last: { readonly madeAt: number; readonly json: string } | undefined;

  constructor(
    private readonly live: LiveConfig,
    private readonly limiter: ConcurrencyLimiter,
    private readonly recorder: FlightRecorder,
    private readonly targets: TargetReports,
  ) {}

  /** Once a second all that an operator sees at a glance, as `event: snapshot`. */
  @Sse()
  @ApiProduces('text/event-stream')
  @ApiExtraModels(AdminSnapshot)
  @ApiOkResponse({
    content: { 'text/event-stream': { schema: { $ref: getSchemaPath(AdminSnapshot) } } },
  })
  @ApiErrors({ also: [ADMIN_ONLY] })
  events(@Res({ passthrough: true }) response: Response): Observable<MessageEvent> {
    return timer(0, EVERY_MS).pipe(
      // A page must not hold the exit of a process that has nothing else to do.
      takeWhile(() => !this.#isDraining || this.limiter.running > 0),
      // Who does not read gets the next one.
      filter(() => !response.writableNeedDrain),
      map(() => ({ type: 'snapshot', data: this.#json() })),
    );
  }

  get #isDraining(): boolean {
    return this.limiter.refusal?.fault === 'draining';
  }

  #json(): string {
    const now = performance.now();
    if (this.#last && now - this.#last.madeAt < FRESH_MS) return this.#last.json;
    const json = JSON.stringify(this.#snapshot());
    this.#last = { madeAt: now, json };
    return json;
  }

  #snapshot(): AdminSnapshot {
    const { streams: slots, queue } = this.live.current.limits;
    const open = this.recorder.open(MAX_OPEN);
    const ended = this.recorder.streams({ state: 'ended' }, MAX_ENDED);
    return {
      at: new Date(),
      process: {
        slots: { inUse: this.limiter.running, limit: slots },
        queue: { length: this.limiter.waiting, limit: queue.size },
        isDraining: this.#isDraining,
      },
      streams: [...open, ...ended].map(toSummary),
      targets: this.targets.all(),
    };
  }
}
