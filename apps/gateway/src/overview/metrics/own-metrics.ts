import { collectDefaultMetrics, Registry } from 'prom-client'
import { health, type Observed, readiness, reasonNames } from '../../health/reasons.ts'
import { codeClasses, type RequestCounts } from '../../http/request-counts.ts'
import type { WaitingCallers } from '../../intake/waiting-callers.ts'
import { gauge, type Metric, plainGauge, textOf } from './metric.ts'

export interface OwnFacts {
  readonly requestCounts: Pick<RequestCounts, 'counts'>
  readonly waitingCallers: Pick<WaitingCallers, 'waiting'>
  readonly observe: () => Promise<Observed>
  /** `FOREMAN_MIN_FREE`. */
  readonly minFreeBytes: number
}

/** Gauges with the ending of a counter. `nodejs_active_handles` and the like have the same numbers, by kind. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** What only this process knows: the metrics of the process, and what it says in /healthz. */
export class OwnMetrics {
  readonly #facts: OwnFacts
  readonly #process = new Registry()

  constructor(facts: OwnFacts) {
    this.#facts = facts
    collectDefaultMetrics({ register: this.#process })
    for (const name of MISNAMED) this.#process.removeSingleMetric(name)
  }

  async text(): Promise<string> {
    const { observe, minFreeBytes, waitingCallers } = this.#facts
    const observed = await observe()
    const { ready, reasons } = readiness(observed)
    const present = new Set([...(health(observed).reasons ?? []), ...reasons])
    const metrics = [
      plainGauge('foreman_accepting', 'Whether jobs are accepted (/readyz).', Number(ready)),
      gauge(
        'foreman_health_reason',
        'Whether /healthz or /readyz names the reason.',
        reasonNames.map(reason => ({ labels: { reason }, value: Number(present.has(reason)) })),
      ),
      plainGauge(
        'foreman_disk_floor_bytes',
        'The free space on the disk of the queue below which jobs are refused (FOREMAN_MIN_FREE).',
        minFreeBytes,
      ),
      plainGauge(
        'foreman_gateway_callers_waiting',
        'Callers that wait on a connection to this gateway for their jobs to start.',
        waitingCallers.waiting,
      ),
      this.#requests(),
    ]
    return `${await textOf(metrics)}\n${await this.#process.metrics()}`
  }

  #requests(): Metric {
    const { counts } = this.#facts.requestCounts
    return {
      name: 'foreman_gateway_http_requests_total',
      help: 'Requests that this gateway has answered. none: the caller was gone before there was a status.',
      type: 'counter',
      values: [...counts].flatMap(([route, ofRoute]) =>
        codeClasses.map(code => ({ labels: { route, code }, value: ofRoute[code] })),
      ),
    }
  }
}
