import { Networks } from '../rules/access-rules.js';
import { HostNames, Origins } from '../rules/caller-rules.js';
import { Optional } from '../rules/rule.js';
import {
  ByteSize,
  Flag,
  Host,
  Milliseconds,
  MillisecondsOrNone,
  Port,
} from '../rules/value-rules.js';

/** Where Sluice listens. */
export class ServerConfig {
  /** Name or address of the interface; `0.0.0.0` is every one. HOST overrides it. */
  @Host()
  readonly host: string = '127.0.0.1';

  /** TCP port; 0 lets the system choose. PORT overrides it. */
  @Port()
  readonly port: number = 3000;

  /** A second port, for `/metrics`, the probes and `/admin/*`, which needs no key for the first two. Absent: none. */
  @Optional()
  @Port()
  readonly adminPort?: number;

  /** The interface of `adminPort`; Prometheus in a cluster needs `0.0.0.0`, and a policy who else reaches it. */
  @Host()
  readonly adminHost: string = '127.0.0.1';

  /** Proxies whose `X-Forwarded-For` is believed: it says which address a request is from. */
  @Networks()
  readonly trustedProxies: readonly string[] = [];

  /** Largest request body: a number of bytes, or a text like `20mb`. Images in messages count. */
  @ByteSize()
  readonly bodyLimit: string | number = '32mb';

  /** How long a request body may take to come, from the request's headers on, in milliseconds. */
  @Milliseconds()
  readonly bodyMs: number = 60_000;

  /**
   * What all request bodies together may take in this process, a size like `bodyLimit`: from when a
   * body is announced until its request has been answered. A body over it is refused. The first
   * 64 KiB of each have as much again to themselves.
   */
  @ByteSize()
  readonly bodyBytesInFlight: string | number = '64mb';

  /** Whether callers may compress request bodies; `bodyLimit` holds for what they inflate to. */
  @Flag()
  readonly compressedBodies: boolean = false;

  /** How long an idle connection stays open, in milliseconds: longer than the proxy in front keeps it. */
  @Milliseconds()
  readonly keepAliveMs: number = 75_000;

  /**
   * Names under which callers reach Sluice, without a port. Bound to the loopback it answers to the
   * loopback's names and these; elsewhere to any name, unless there are some here.
   */
  @HostNames()
  readonly hosts: readonly string[] = [];
}

/** Pages in browsers that are not Sluice's own. */
export class BrowsersConfig {
  /** Origins of the pages that may call, such as `https://app.example.com`; pages of others may not. */
  @Origins()
  readonly origins: readonly string[] = [];
}

/** What happens between SIGTERM and the exit. */
export class DrainConfig {
  /** How long requests are still served, in milliseconds: until every proxy has heard that this pod is not ready. */
  @MillisecondsOrNone()
  readonly delayMs: number = 5000;

  /** How long running streams may take to finish after that, in milliseconds. */
  @MillisecondsOrNone()
  readonly forMs: number = 600_000;
}
