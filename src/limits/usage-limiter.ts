import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Counter } from 'prom-client';
import type { Caller, UsageLimits } from '../contract/caller.js';
import type { ChatRequest } from '../contract/chat-request.js';
import type { GatewayError } from '../contract/gateway-error.js';
import type { Price } from '../contract/generation.js';
import { estimate, usedAtMost } from './estimate.js';
import {
  type Charge,
  type Charged,
  chargeOf,
  isLimited,
  isOver,
  neverFits,
  quotasOf,
  type Scope,
} from './quota.js';
import { overQuota, tooManyStreams } from './refusal.js';
import { type Lease, Reservation } from './reservation.js';
import { type Standings, standingsOf } from './standing.js';
import { UsageStore } from './store/usage-store.js';

/** Who asks for what. */
export interface UsageRequest {
  readonly call: { readonly caller: Caller; readonly flow: string };
  readonly route: {
    readonly model: string;
    readonly limits: UsageLimits;
    readonly tiers: readonly (readonly { readonly price?: Price | undefined }[])[];
  };
  readonly chat: ChatRequest;
  /** Of the request as it came. */
  readonly bytes: number;
}

/** What a request has taken of its limits, or why it may not have it. */
export interface Verdict {
  readonly reservation: Reservation;
  readonly refusal?: GatewayError | undefined;
  /** What is left; for a request that is refused as if it had not come. */
  readonly standings: Standings;
}

/** Holds callers and models to what they may use. */
@Injectable()
export class UsageLimiter {
  constructor(
    @Inject(UsageStore) private readonly store: UsageStore,
    @InjectMetric('llm_limit_refusals_total') private readonly refusals: Counter,
  ) {}

  /**
   * Takes what a request will use of all its limits, or of none.
   * @returns nothing where there are no limits
   */
  reserve(request: UsageRequest): Promise<Verdict> | undefined {
    const { call, route } = request;
    if (!isLimited(call.caller.limits) && !isLimited(route.limits)) return undefined;
    return this.#reserve(request, [
      { kind: 'caller', id: call.flow, limits: call.caller.limits },
      { kind: 'model', id: route.model, limits: route.limits },
    ]);
  }

  async #reserve(
    { call, route, chat, bytes }: UsageRequest,
    scopes: readonly Scope[],
  ): Promise<Verdict> {
    const now = Date.now();
    const prices = route.tiers.flat().map(({ price }) => price);
    const estimated = estimate(bytes, chat, call.caller.maxOutputTokens, prices);
    const most = usedAtMost(estimated);
    const charges = scopes.flatMap(quotasOf).map((quota) => chargeOf(quota, most, now));
    // All at once: a store elsewhere answers after one way there and back.
    const [charged, leases] = await Promise.all([
      Promise.all(charges.map((charge) => this.#charge(charge))),
      Promise.all(scopes.map((scope) => this.#lease(scope))),
    ]);
    const refusal = refusalOf(charged, leases, now);
    const held = leases.flatMap(({ lease }) => lease ?? []);
    const reservation = new Reservation(this.store, charged, held, estimated);
    if (!refusal) return { reservation, standings: standingsOf(charged, now) };
    reservation.release();
    const { error, setting: limit, of } = refusal;
    this.refusals.inc({ caller: call.caller.label, model: route.model, limit, of });
    const before = charged.map((each) => ({ ...each, used: each.used - each.amount }));
    return { reservation, refusal: error, standings: standingsOf(before, now) };
  }

  async #charge(charge: Charge): Promise<Charged> {
    return { ...charge, used: await this.store.add(charge.window, charge.amount) };
  }

  async #lease(scope: Scope): Promise<LeaseAttempt> {
    const limit = scope.limits.concurrentStreams;
    if (limit === undefined) return { scope };
    const lease = { name: `${scope.kind}:${scope.id}`, id: randomUUID() };
    const isAcquired = await this.store.acquire(lease.name, lease.id, limit);
    return isAcquired ? { scope, lease } : { scope, isRefused: true };
  }
}

interface LeaseAttempt {
  readonly scope: Scope;
  readonly lease?: Lease;
  readonly isRefused?: true;
}

interface Refusal {
  readonly error: GatewayError;
  readonly setting: string;
  readonly of: Scope['kind'];
}

/** What never fits, else the reason that lasts longest: after any other the caller would be back in vain. */
function refusalOf(
  charged: readonly Charged[],
  leases: readonly LeaseAttempt[],
  now: number,
): Refusal | undefined {
  const [over] = charged
    .filter(isOver)
    .toSorted((a, b) => rankOf(a) - rankOf(b) || b.window.endsAt - a.window.endsAt);
  if (over) {
    const { setting, scope } = over.quota;
    return { error: overQuota(over, now), setting, of: scope.kind };
  }
  const full = leases.find(({ isRefused }) => isRefused);
  if (!full) return undefined;
  return { error: tooManyStreams(full.scope), setting: 'concurrentStreams', of: full.scope.kind };
}

/** Of limits that it never fits the least comes first: shortened for another it would not fit either. */
function rankOf(charged: Charged): number {
  return neverFits(charged) ? charged.quota.limit : Number.MAX_VALUE;
}
