import { describe } from 'vitest';
import type { BackendKind } from './backend-kind.js';
import { abortContract } from './abort.contract.js';
import { brokenStreamContract } from './broken-stream.contract.js';
import { streamContract } from './stream.contract.js';
import { completeContract } from './complete.contract.js';
import { connectionContract } from './connection.contract.js';
import { deepJsonContract } from './deep-json.contract.js';
import { finishContract } from './finish.contract.js';
import { fixtureContract } from './fixture.contract.js';
import { noiseContract } from './noise.contract.js';
import { refusalContract } from './refusal.contract.js';
import { requestSentContract } from './request-sent.contract.js';
import { staleConnectionContract } from './stale-connection.contract.js';

/** What every backend has to do, whatever its upstream's protocol. */
export function describeChatBackend(kind: BackendKind): void {
  describe(`the ${kind.name} backend`, () => {
    streamContract(kind);
    abortContract(kind);
    refusalContract(kind);
    brokenStreamContract(kind);
    completeContract(kind);
    connectionContract(kind);
    requestSentContract(kind);
    staleConnectionContract(kind);
    finishContract(kind);
    noiseContract(kind);
    deepJsonContract(kind);
    fixtureContract(kind);
  });
}
