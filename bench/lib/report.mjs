/** From measurements to a table: medians, ratios of each round's pair, bars. */
import { SCENARIOS } from './scenarios.mjs';
import { median } from './statistics.mjs';

const FIGURES = {
  call: (slot) => slot.cpuPerCall.all,
  events: (slot) => slot.cpuPer1000Events.all,
  stream: (slot) => slot.bytesPerStream / 1024,
};
const MAIN = {
  call: (slot) => slot.cpuPerCall.main,
  events: (slot) => slot.cpuPer1000Events.main,
};

/** The figures of one kind: of each target by name, and the gateway's ratio to the bare proxy, round by round. */
function compare(title, bar, slots, figure) {
  const of = (name) => new Map(slots.filter(({ target }) => target === name).map((slot) => [slot.round, figure(slot)]));
  const bare = of('bare');
  const gateway = of('gateway');
  const ratios = [...gateway].map(([round, value]) => value / (bare.get(round) ?? NaN)).filter(Number.isFinite);
  return {
    title,
    bare: median([...bare.values()]),
    gateway: median([...gateway.values()]),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    bar,
    met: bar === null || ratios.length === 0 ? null : median(ratios) <= bar,
  };
}

/** What a target adds to the latency of `direct` in the same round. */
function added(slots, latency) {
  const direct = new Map(slots.filter(({ target }) => target === 'direct').map((slot) => [slot.round, latency(slot)]));
  return (slot) => latency(slot) - (direct.get(slot.round) ?? NaN);
}

/** The rows of one scenario, out of all measurements. */
export function rowsOf(scenario, all) {
  const { title, figure, bar, against } = scenario;
  const slots = all.filter(({ scenario: id }) => id === scenario.id);
  if (figure === 'added') {
    return [
      compare(
        title,
        bar,
        slots,
        added(slots, (slot) => slot.latencyMs.p50),
      ),
      compare(
        title.replace('p50', 'p99'),
        null,
        slots,
        added(slots, (slot) => slot.latencyMs.p99),
      ),
    ];
  }
  const rows = [compare(title, bar, slots, FIGURES[figure])];
  if (against !== undefined) {
    const other = all
      .filter(({ scenario: id, target }) => id === against.id && target === 'gateway')
      .map((slot) => ({ ...slot, target: 'bare' }));
    const own = slots.filter(({ target }) => target === 'gateway');
    rows.push(compare(`– against ${against.id}`, against.bar, [...other, ...own], FIGURES[figure]));
  }
  if (figure in MAIN) rows.push(compare('– the main thread alone', null, slots, MAIN[figure]));
  if (scenario.addsFirstEvent === true) {
    rows.push(
      compare(
        '– first chunk (ms added, p50)',
        null,
        slots,
        added(slots, (slot) => slot.firstEventMs.p50),
      ),
      compare(
        '– first chunk (ms added, p99)',
        null,
        slots,
        added(slots, (slot) => slot.firstEventMs.p99),
      ),
    );
  }
  return rows;
}

const number = (value) => (Number.isFinite(value) ? value.toFixed(Math.abs(value) < 10 ? 2 : 1) : '–');
const verdict = ({ bar, met }) => (bar === null ? '–' : `≤ ${bar} ${met === null ? '' : met ? '✓' : '✗'}`);

/** A Markdown table of rows. */
export function toMarkdown(rows) {
  return [
    '| | bare proxy | gateway | × bare: median (lowest to highest) | bar |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...rows.map(
      (row) =>
        `| ${row.title} | ${number(row.bare)} | ${number(row.gateway)} | ${
          Number.isFinite(row.ratio)
            ? `**${row.ratio.toFixed(2)}** (${row.lowest.toFixed(2)} to ${row.highest.toFixed(2)})`
            : '–'
        } | ${verdict(row)} |`,
    ),
  ].join('\n');
}

/** Does the gateway answer by itself? */
const isCached = ({ scenario, target }) =>
  target === 'gateway' && SCENARIOS.some(({ id, isCached: cached }) => id === scenario && cached === true);

/** What was wrong with the answers, a line each; none means that every answer was whole. */
export function faultsOf(slots) {
  const faults = [];
  for (const slot of slots) {
    const where = `${slot.scenario}, ${slot.target}, round ${slot.round + 1}`;
    if (slot.errors > 0) faults.push(`${where}: ${slot.errors} errors (${slot.samples.join('; ')})`);
    if (slot.lostEvents > 0) faults.push(`${where}: ${slot.lostEvents} events lost`);
    if (slot.calls === 0 && slot.live === 0) faults.push(`${where}: no call was answered`);
    const asked = isCached(slot) ? slot.upstreamCalls < 0.01 : slot.upstreamCalls === 1;
    if (!asked) faults.push(`${where}: ${slot.upstreamCalls.toFixed(3)} upstream calls a call`);
    if (slot.leftOpen > 0)
      faults.push(`${where}: ${slot.leftOpen} upstream streams stayed open after the callers had left`);
  }
  return faults;
}
