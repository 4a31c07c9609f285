import { askJson, wordsOf } from './api.js';
import { showConnection } from './connection.js';
import { StreamDialog } from './details.js';
import { askForKey, confirmed, notice } from './dialogs.js';
import { byId, setText } from './dom.js';
import { Filters } from './filters.js';
import { forgetKey } from './key.js';
import { LiveFeed } from './live-feed.js';
import { oneAtATime } from './one-at-a-time.js';
import { showOverview } from './overview.js';
import { streamTable } from './streams.js';
import { targetTable } from './targets.js';

/** @typedef {import('./told.d.ts').Snapshot} Snapshot */

/** @type {{ snapshot: Snapshot, at: string, seen: number } | undefined} */
let last;

const details = new StreamDialog();
const streams = streamTable((stream) => void details.open(stream));
const targets = targetTable((id) => void closeBreaker(id));
const filters = new Filters(() => void showStreams());
const feed = new LiveFeed(show, () => {
  tick();
  if (feed.state.kind === 'needs-key') void enterKey(feed.state.why);
});

const showStreams = oneAtATime(async () => {
  if (!last) return;
  try {
    streams.update(await filters.apply(last.snapshot.streams));
  } catch (error) {
    notice(wordsOf(error));
  }
});

/** @param {Snapshot} snapshot */
function show(snapshot) {
  last = { snapshot, at: snapshot.at, seen: Date.now() };
  const open = showOverview(snapshot);
  targets.update(snapshot);
  void showStreams();
  void details.refresh();
  document.title = `${open} open · Sluice`;
  tick();
}

function tick() {
  showConnection(feed, last);
  if (document.documentElement.dataset['live'] === 'no') document.title = 'Stale · Sluice';
}

/** @param {string} why */
async function enterKey(why) {
  if (await askForKey(why)) feed.tryNow();
}

/** @param {string} id */
async function closeBreaker(id) {
  const isMeant = await confirmed(
    `Ask ${id} as usual again?`,
    'Whatever was seen of it is forgotten: its breaker is closed, its rest is over. It opens again if it goes on failing.',
    'Ask it again',
  );
  if (!isMeant) return;
  try {
    await askJson(`/targets/${encodeURIComponent(id)}/close`, 'POST');
    notice(`${id} is asked as usual again.`);
  } catch (error) {
    notice(wordsOf(error));
  }
}

async function showConfig() {
  try {
    setText(byId('config'), JSON.stringify(await askJson('/config'), undefined, 2));
  } catch (error) {
    setText(byId('config'), wordsOf(error));
  }
}

byId('retry').addEventListener('click', () => {
  if (feed.state.kind === 'needs-key') void enterKey(feed.state.why);
  else feed.tryNow();
});
byId('forget-key').addEventListener('click', () => {
  forgetKey();
  location.reload();
});
byId('configuration').addEventListener('toggle', () => {
  if (byId('configuration').hasAttribute('open')) void showConfig();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && feed.state.kind === 'waiting') feed.tryNow();
});
setInterval(tick, 1000);
void feed.run();
