import * as fc from 'fast-check';

/** Bytes that a counterexample shows as text. */
export class Body {
  constructor(readonly bytes: Uint8Array) {}

  [fc.toStringMethod](): string {
    return JSON.stringify(Buffer.from(this.bytes).toString('latin1'));
  }
}

/** What a broken network, proxy or server makes of a body. */
const damage: fc.Arbitrary<(body: Uint8Array) => Uint8Array> = fc.oneof(
  fc.nat().map((at) => (body: Uint8Array) => body.subarray(0, at % (body.length + 1))),
  fc.tuple(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 6 })).map(
    ([at, bytes]) =>
      (body: Uint8Array) =>
        inserted(body, at % (body.length + 1), bytes),
  ),
  fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, bits]) => (body: Uint8Array) => {
    if (body.length === 0) return body;
    const flipped = Uint8Array.from(body);
    flipped[at % body.length]! ^= bits;
    return flipped;
  }),
);

/** `body` as it is, or damaged in a way or two; now and then bytes of no protocol at all. */
export function damaged(body: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Body> {
  const all = fc.oneof(
    { weight: 3, arbitrary: body },
    {
      weight: 4,
      arbitrary: fc
        .tuple(body, fc.array(damage, { minLength: 1, maxLength: 2 }))
        .map(([bytes, damages]) => damages.reduce((broke, hurt) => hurt(broke), bytes)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  );
  return all.map((each) => new Body(each));
}

/** Sizes of the pieces that a body is sent in; what is over comes as a last one. */
export const pieceSizes = fc.oneof(
  fc.constantFrom<number | readonly number[]>(1, 2, 7, 1_000_000),
  fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }),
);

/** How the connection ends: `eof` is a clean end of the body, `cut` a FIN without it, `reset` an RST. */
export const bodyEnd = fc.constantFrom('eof', 'eof', 'cut', 'reset');

function inserted(body: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([body.subarray(0, at), bytes, body.subarray(at)]);
}
