/** One measurement: one scenario against one target, by a load generator of its own. */
import { fileURLToPath } from 'node:url';
import { CORES, firstJson, start } from './processes.mjs';
import { isStream } from './scenarios.mjs';

const LOAD = fileURLToPath(new URL('../load.mjs', import.meta.url));
const WARM_MS = 500;
/** What the load generator may take besides warm-up and window: start, grace for the last answers. */
const OVERHEAD_MS = 45_000;

/**
 * Runs the load. Returns its report (`load.mjs`) and the figures made of it: CPU µs a call, CPU ms per 1,000 events (NaN for
 * `direct`), upstream calls for each call.
 */
export async function measure(scenario, target, { mock, others, windowMs }) {
  const plan = {
    port: target.port,
    path: pathOf(scenario, target),
    headers: target.headers,
    model: modelOf(scenario, target),
    // What is translated cannot be known to the byte: it must be whole, and each answer like the first.
    isTranslated: scenario.wire !== undefined && target.translates === true,
    mockModel: scenario.model,
    pad: scenario.pad,
    unique: scenario.unique === true,
    stream: isStream(scenario),
    closed: scenario.closed ?? 0,
    rate: scenario.rate ?? 0,
    held: scenario.held ?? 0,
    rampMs: Math.max(100, scenario.held ?? 0),
    warmMs: scenario.warmMs ?? WARM_MS,
    windowMs,
    targetPid: target.pid,
    mockPid: mock.pid,
    otherPids: others.filter(({ pid }) => pid !== null && pid !== target.pid).map(({ pid }) => pid),
  };
  const before = await mock.stats();
  const load = start('load', CORES.load, [LOAD, JSON.stringify(plan)]);
  const report = await firstJson(load, plan.warmMs + plan.rampMs + windowMs + OVERHEAD_MS);
  const after = await mock.stats();
  return {
    ...report,
    scenario: scenario.id,
    target: target.name,
    cpuPerCall: cpu(report.targetCpuNs, 1e3 * report.calls),
    cpuPer1000Events: cpu(report.targetCpuNs, 1e3 * report.events),
    upstreamCalls: (after.requests - before.requests) / report.sent,
  };
}

/** A target without doors of its own has one for all. */
function pathOf(
  { native, limited, everything },
  { path, nativePath = path, limitedPath = path, everythingPath = path },
) {
  if (everything === true) return everythingPath;
  return native === true ? nativePath : limited === true ? limitedPath : path;
}

function modelOf({ native, routed, model, wire }, target) {
  if (native === true) return model;
  return routed === true && target.route !== undefined ? target.route : target.model(model, wire);
}

const cpu = ({ all, main }, divisor) => ({ all: all / divisor, main: main / divisor });
