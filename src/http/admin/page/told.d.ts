import type { EndReason as Reason } from '../../../contract/faults.js';
import type { WaitedFor as Party } from '../../../contract/waits.js';
import type { AdminSnapshot } from '../snapshot.dto.js';
import type { StreamDetails, StreamSummary } from '../stream.dto.js';
import type { TargetReport } from '../target.dto.js';

/** As JSON has it. */
type Told<T> = T extends Date
  ? string
  : T extends object
    ? { readonly [Key in keyof T]: Told<T[Key]> }
    : T;

export type EndReason = Reason;
export type WaitedFor = Party;
export type Snapshot = Told<AdminSnapshot>;
export type Stream = Told<StreamSummary>;
export type Details = Told<StreamDetails>;
export type Target = Told<TargetReport>;
