import type { Bench } from '../bench.ts';
import type { Row } from '../row.ts';
import { access } from './access.ts';
import { burst } from './burst.ts';
import { churn } from './churn.ts';
import { dialects } from './dialects.ts';
import { fair } from './fair.ts';
import { latency } from './latency.ts';
import { many } from './many.ts';
import { browser, paced } from './paced.ts';
import { plain } from './plain.ts';
import { short } from './short.ts';
import { stalled } from './stalled.ts';
import { traces } from './traces.ts';

type Scenario = (bench: Bench) => Promise<Row[]>;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  paced,
  burst,
  short,
  latency,
  many,
  churn,
  plain,
  stalled,
  fair,
  browser,
  access,
  traces,
  dialects,
};
