/** What is counted of the endpoints of a host while the process runs. */
import { Traffic } from '../../endpoint/traffic.ts'
import type { ReloadReport } from '../../tls/objects/reload-report.ts'
import type { EndpointEvent } from '../host/host-endpoints.ts'
import { LabelledCounter } from './labelled-counter.ts'
import type { MetricFamily, Sample } from './metric-family.ts'

/** Where it is not known, as the group of a session that has none. */
const NONE = ''

export class HostMetrics {
  readonly #traffic = new Map<string, Traffic>()
  readonly #handshakes = new LabelledCounter()
  readonly #refusals = new LabelledCounter()
  readonly #failures = new LabelledCounter()
  readonly #objectReloads = new LabelledCounter()
  readonly #policyReloads = new LabelledCounter()
  readonly #fileReloads = new LabelledCounter()

  /** The traffic of an entry of the endpoint file; it goes on when the entry starts anew. */
  trafficOf(endpoint: string): Traffic {
    const traffic = this.#traffic.get(endpoint) ?? new Traffic()
    this.#traffic.set(endpoint, traffic)
    return traffic
  }

  /** Counts what happens to a connection of an entry. */
  readonly tell = (endpoint: string, event: EndpointEvent): void => {
    switch (event.event) {
      case 'secured':
        this.#countHandshake(endpoint, 'server', event)
        break
      case 'reached':
        if (event.tls) this.#countHandshake(endpoint, 'client', event.tls)
        break
      case 'refused':
        for (const { code } of event.diagnostics) this.#refusals.add({ endpoint, code })
        break
      case 'failed':
        this.#failures.add({ endpoint, code: event.diagnostic.code })
    }
  }

  #countHandshake(endpoint: string, side: string, facts: SessionFacts): void {
    const { protocol: version, suite, group = NONE } = facts
    this.#handshakes.add({ endpoint, side, version, suite, group })
  }

  readonly tellReload = ({ objects, diagnostics }: ReloadReport): void => {
    this.#policyReloads.add({ outcome: diagnostics.length > 0 ? 'refused' : 'applied' })
    const present = new Set(objects.map(({ id }) => id))
    this.#objectReloads.forget(({ object = '' }) => !present.has(object))
    for (const { id, outcome } of objects) this.#objectReloads.add({ object: id, outcome })
  }

  tellFile(outcome: 'applied' | 'refused'): void {
    this.#fileReloads.add({ outcome })
  }

  /** Drops what was counted of entries that are gone, so that memory does not grow with their number. */
  keepOnly(endpoints: readonly string[]): void {
    for (const [endpoint, { open }] of this.#traffic) {
      if (open === 0 && !endpoints.includes(endpoint)) this.#traffic.delete(endpoint)
    }
    for (const counter of [this.#handshakes, this.#refusals, this.#failures]) {
      counter.forget(({ endpoint = '' }) => !endpoints.includes(endpoint))
    }
  }

  families(): readonly MetricFamily[] {
    return [...TRAFFIC_FIGURES.map(this.#ofTraffic), ...this.#ofEvents()]
  }

  #ofTraffic = ({ count, ...family }: TrafficFigure): MetricFamily => {
    const samples = [...this.#traffic].map(([endpoint, traffic]): Sample => {
      return { labels: { endpoint }, value: count(traffic) }
    })
    return { ...family, samples }
  }

  #ofEvents(): readonly MetricFamily[] {
    return [
      counted('cryptopolicy_handshakes', 'Handshakes of TLS that were finished.', this.#handshakes),
      counted(
        'cryptopolicy_refusals',
        'Connections that an error has ended, by its code.',
        this.#refusals,
      ),
      counted(
        'cryptopolicy_failures',
        'Requests of clients that have failed, by the code of the error.',
        this.#failures,
      ),
      counted(
        'cryptopolicy_object_reloads',
        'Loads of objects after the first, by their outcome.',
        this.#objectReloads,
      ),
      counted(
        'cryptopolicy_policy_reloads',
        'Reads of the configuration of priority strings after the first, by their outcome.',
        this.#policyReloads,
      ),
      counted(
        'cryptopolicy_file_reloads',
        'Reads of the endpoint file after the first, by their outcome.',
        this.#fileReloads,
      ),
    ]
  }
}

type TrafficFigure = Omit<MetricFamily, 'samples'> & {
  readonly count: (traffic: Traffic) => number
}

const TRAFFIC_FIGURES: readonly TrafficFigure[] = [
  {
    name: 'cryptopolicy_open_connections',
    type: 'gauge',
    help: 'Connections that are served now.',
    count: ({ open }) => open,
  },
  {
    name: 'cryptopolicy_connections',
    type: 'counter',
    help: 'Connections that are or were served.',
    count: ({ accepted }) => accepted,
  },
  {
    name: 'cryptopolicy_received_bytes',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes that clients have sent, with what TLS adds.',
    count: ({ received }) => received,
  },
  {
    name: 'cryptopolicy_sent_bytes',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes that clients were sent, with what TLS adds.',
    count: ({ sent }) => sent,
  },
]

type SessionFacts = {
  readonly protocol: string
  readonly suite: string
  readonly group?: string | undefined
}

function counted(name: string, help: string, { samples }: LabelledCounter): MetricFamily {
  return { name, type: 'counter', help, samples }
}
