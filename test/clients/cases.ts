import type { Sim, SimOptions } from '@foreman/ollama-sim'
import type { Variables } from '../harness/foreman.ts'
import { until } from '../harness/until.ts'
import type { Connected, Question } from './client.ts'
import {
  all,
  expectCall,
  expectFailure,
  expectNames,
  expectPatience,
  expectPieces,
  expectReason,
  expectRefusal,
  expectRelief,
  expectWords,
  failureOf,
} from './expectations.ts'

const HEARTBEAT_MS = 100
/** Node's own timers of this kind tick every half second, and run up to a second late. */
export const LIMIT_MS = 2_000

/** One thing that a client is put to: what it finds, and what must come of it. */
export interface Case {
  /** As in the matrix. */
  readonly title: string
  /** What the client must be able to do. */
  readonly needs: keyof Connected
  /** The client's own limits are scaled down to `LIMIT_MS`. */
  readonly limited?: true
  readonly target?: SimOptions
  readonly variables?: Variables
  /** The worker is a process of its own, which can be killed. */
  readonly killsWorker?: true
  /** Throws when it does not go as it should. */
  run(client: Required<Connected>, scene: Scene): Promise<void>
}

interface Scene {
  readonly sim: Sim
  /** How often the client has heard from foreman so far; without foreman any number will do. */
  readonly heartbeats: () => number
  /** Gives the target a request for another model, and foreman a turn that it must end first. */
  readonly occupy: () => Promise<Occupant>
  /** Waits until the client was sent this text. */
  readonly sent: (text: string) => Promise<void>
  /** Kills the worker, and starts another; without foreman it kills the target. */
  readonly kill: () => Promise<void>
}

export interface Occupant {
  readonly leave: () => void
}

const plain: Question = { model: 'plain' }
/** It speaks for longer than anybody listens here. */
const endless: Question = { model: 'alpha' }

const often: Variables = { FOREMAN_HEARTBEAT: `${HEARTBEAT_MS}ms`, FOREMAN_HOLD: `${HEARTBEAT_MS}ms` }
const once: Variables = { FOREMAN_MAX_ATTEMPTS: '1' }
/** Slow to load, and then slow to speak: silence before the first piece and between any two. */
const slow: SimOptions = { loadMs: 5 * HEARTBEAT_MS, tokensPerSecond: 6 }
const slowBeyondLimits: SimOptions = { loadMs: 3 * LIMIT_MS + 100 }
const leisurely: SimOptions = { tokensPerSecond: 20 }
const oneModel: SimOptions = { ...leisurely, maxLoaded: 1 }

/** Has a client wait behind another model for several heartbeats. */
const behind = async ({ occupy, heartbeats }: Scene, ask: () => Promise<void>): Promise<void> => {
  const occupant = await occupy()
  const answering = failureOf(ask())
  await until(() => heartbeats() >= 3)
  occupant.leave()
  const failure = await answering
  if (failure) throw failure
}

export const cases = {
  list: {
    title: 'lists the models',
    needs: 'list',
    run: client => expectNames(client.list()),
  },
  whole: {
    title: 'chats',
    needs: 'whole',
    run: client => expectWords(client.whole(plain)),
  },
  pieces: {
    title: 'chats, streamed',
    needs: 'pieces',
    run: client => expectPieces(client.pieces(plain)),
  },
  tools: {
    title: 'calls a tool, streamed and not',
    needs: 'callTools',
    async run(client) {
      await expectCall(client.callTools({ model: 'tools', streamed: true }))
      await expectCall(client.callTools({ model: 'tools', streamed: false }))
    },
  },
  waitPieces: {
    title: 'waits longer than three heartbeats, streamed',
    needs: 'pieces',
    target: slow,
    variables: often,
    async run(client, { heartbeats }) {
      await expectPieces(client.pieces(plain))
      expectPatience(heartbeats())
    },
  },
  waitTools: {
    title: 'calls a tool behind heartbeats, streamed',
    needs: 'callTools',
    target: slow,
    variables: often,
    async run(client, { heartbeats }) {
      await expectCall(client.callTools({ model: 'tools', streamed: true }))
      expectPatience(heartbeats())
    },
  },
  waitWhole: {
    title: 'waits longer than three heartbeats',
    needs: 'whole',
    target: slow,
    variables: often,
    async run(client, { heartbeats }) {
      await expectWords(client.whole(plain))
      expectPatience(heartbeats())
    },
  },
  limitPieces: {
    title: 'waits three times its own limit, streamed',
    needs: 'pieces',
    limited: true,
    target: slowBeyondLimits,
    variables: often,
    run: client => expectPieces(client.pieces(plain)),
  },
  limitWhole: {
    title: 'waits three times its own limit',
    needs: 'whole',
    limited: true,
    target: slowBeyondLimits,
    variables: often,
    run: client => expectWords(client.whole(plain)),
  },
  leavePieces: {
    title: 'leaves in mid-stream, and frees the target',
    needs: 'pieces',
    target: leisurely,
    async run(client, { sim }) {
      const { promise: heard, resolve: hear } = Promise.withResolvers<void>()
      const listen = async (signal: AbortSignal) => {
        for await (const piece of client.pieces({ ...endless, signal })) if (piece !== '') hear()
      }
      await expectRelief(sim, listen, () => heard)
    },
  },
  leaveWaiting: {
    title: 'leaves before the first piece, and frees the target',
    needs: 'pieces',
    target: { loadMs: 30_000 },
    variables: often,
    async run(client, { sim, heartbeats }) {
      const wait = (signal: AbortSignal) => all(client.pieces({ ...endless, signal }))
      await expectRelief(sim, wait, () => until(() => sim.loads === 1 && heartbeats() >= 3))
    },
  },
  leaveWhole: {
    title: 'leaves before a whole answer, and frees the target',
    needs: 'whole',
    target: leisurely,
    async run(client, { sim }) {
      const wait = (signal: AbortSignal) => client.whole({ ...endless, signal })
      await expectRelief(sim, wait, () => until(() => sim.inFlight === 1 && sim.resident().length === 1))
    },
  },
  behindPieces: {
    title: 'waits behind another model, streamed',
    needs: 'pieces',
    target: oneModel,
    variables: often,
    run: (client, scene) => behind(scene, () => expectPieces(client.pieces(plain))),
  },
  behindWhole: {
    title: 'waits behind another model',
    needs: 'whole',
    target: oneModel,
    variables: often,
    run: (client, scene) => behind(scene, () => expectWords(client.whole(plain))),
  },
  unknown: {
    title: 'is told that there is no such model',
    needs: 'whole',
    run: client => expectRefusal(client.whole({ model: 'nope' }), 404, "model 'nope' not found"),
  },
  brokenPieces: {
    title: 'is told that a stream broke off',
    needs: 'pieces',
    async run(client, { sim }) {
      sim.fault({ kind: 'die', afterChunks: 2 })
      await expectFailure(all(client.pieces(plain)))
    },
  },
  failedPieces: {
    title: 'is told that the model failed in mid-stream',
    needs: 'pieces',
    async run(client, { sim }) {
      sim.fault({ kind: 'kill-runner', afterChunks: 2 })
      await expectFailure(all(client.pieces(plain)))
    },
  },
  toldWhy: {
    title: 'is told why, in a stream behind heartbeats',
    needs: 'pieces',
    target: slow,
    variables: { ...often, ...once },
    async run(client, { sim }) {
      sim.fault({ kind: 'die' })
      await expectReason(all(client.pieces(plain)), 'the target')
    },
  },
  brokenWhole: {
    title: 'is told that a whole answer broke off',
    needs: 'whole',
    variables: once,
    async run(client, { sim }) {
      sim.fault({ kind: 'die' })
      await expectFailure(client.whole(plain))
    },
  },
  brokenLate: {
    title: 'is told so when its status is out already',
    needs: 'whole',
    target: slow,
    variables: { ...often, ...once },
    async run(client, { sim }) {
      sim.fault({ kind: 'die' })
      await expectFailure(client.whole(plain))
    },
  },
  killedPieces: {
    title: 'is told that the worker was killed in mid-stream',
    needs: 'pieces',
    target: leisurely,
    killsWorker: true,
    async run(client, { sent, kill }) {
      const failing = expectFailure(all(client.pieces(endless)))
      await sent('" time"')
      await Promise.all([failing, kill()])
    },
  },
  killedWhole: {
    title: 'gets its whole answer though the worker was killed',
    needs: 'whole',
    target: { tokensPerSecond: 12 },
    killsWorker: true,
    async run(client, { sim, kill }) {
      const answering = failureOf(expectWords(client.whole(plain)))
      await until(() => sim.inFlight === 1 && sim.resident().length === 1)
      await kill()
      const failure = await answering
      if (failure) throw failure
    },
  },
} satisfies Record<string, Case>

export type CaseName = keyof typeof cases

/** What every client goes through. */
export const ESSENTIAL = [
  'whole',
  'pieces',
  'behindPieces',
  'behindWhole',
  'toldWhy',
  'brokenLate',
  'killedPieces',
  'killedWhole',
] as const satisfies readonly CaseName[]
