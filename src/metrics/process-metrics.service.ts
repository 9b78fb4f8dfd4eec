import { Injectable } from '@nestjs/common';
import { InFlightCalls } from '../http/in-flight.service.js';
import { ChangeFeed } from '../persistence/change-feed.service.js';
import { TargetHealth } from '../target-health/target-health.service.js';
import { MetricsRegistry } from './metrics-registry.js';

const CIRCUIT_STATES = ['closed', 'half_open', 'open'] as const;

/** What this replica holds and knows at the moment. */
@Injectable()
export class ProcessMetrics {
  constructor(registry: MetricsRegistry, inFlight: InFlightCalls, health: TargetHealth, feed: ChangeFeed) {
    registry.gauge({ name: 'aig_calls_in_flight', help: 'Calls being answered.' }, (add) => add(inFlight.count));
    registry.gauge({ name: 'aig_request_bytes_in_flight', help: 'Bytes of request bodies that calls hold.' }, (add) =>
      add(inFlight.heldBytes),
    );
    registry.gauge({ name: 'aig_config_version', help: 'The version of the configuration that calls see.' }, (add) =>
      add(Number(feed.version)),
    );
    registry.gauge(
      { name: 'aig_database_answered_timestamp_seconds', help: 'When the database last answered.' },
      (add) => add(Math.round(feed.databaseAnsweredAt / 1000)),
    );
    registry.gauge(
      {
        name: 'aig_circuits',
        help: 'Targets that have been in trouble, by the state of their circuit.',
        labelNames: ['provider', 'state'],
      },
      (add) => {
        for (const { provider, circuit } of health.report(null))
          for (const state of CIRCUIT_STATES) add(state === circuit ? 1 : 0, { provider, state });
      },
    );
    registry.gauge(
      {
        name: 'aig_keys_parked',
        help: 'Stored keys that are left alone for a while, counted for each model they are left alone for.',
        labelNames: ['provider'],
      },
      (add) => {
        for (const { provider, parkedUntil } of health.report(null)) add(parkedUntil === null ? 0 : 1, { provider });
      },
    );
  }
}
