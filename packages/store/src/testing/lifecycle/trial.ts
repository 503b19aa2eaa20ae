import { isEndState } from '@foreman/jobs'
import { deepEqual } from 'node:assert/strict'
import type { TestedStore } from '../contract/engine.ts'
import { upkeep } from '../contract/look.ts'
import type { ExpectedJob } from './expected-job.ts'
import { checkTallies, countAll } from './expected-tallies.ts'
import { cancel, delivered, enqueue, repeat } from './gateway-steps.ts'
import { Model } from './model.ts'
import { claim, failOverdue, promoteDue, requeueLost } from './queue-steps.ts'
import { append, finish, progress, release } from './run-steps.ts'
import { type Again, pick, type Scene } from './scene.ts'
import type { Step, StepTo } from './steps.ts'

/** The deletion of an expired job is put off by this much while one of its messages is pending. */
const DELIVERY_GRACE_MS = 3_600_000

/** A store without jobs under test, next to a model of what it should hold. */
export class Trial {
  readonly #scene: Scene
  #again: Again | undefined

  constructor(tested: TestedStore, happened: ReadonlyMap<string, number>) {
    this.#scene = { tested, model: new Model(tested.store, happened), seqs: [], runs: [] }
  }

  /** How often jobs changed so far, by the type of the change. */
  get happened(): ReadonlyMap<string, number> {
    return this.#scene.model.happened
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'again') await this.#again?.()
    else this.#again = (await this.#act(step)) ?? undefined
    await this.#scene.model.check()
  }

  #act(step: Exclude<Step, { do: 'again' }>): Promise<Again | undefined | void> {
    const scene = this.#scene
    const { model, seqs, runs } = scene
    switch (step.do) {
      case 'enqueue':
        return enqueue(scene, step)
      case 'repeat':
        return repeat(scene, pick(seqs, step.which))
      case 'failOverdue':
        return failOverdue(scene)
      case 'progress':
        return progress(scene, pick(runs, step.which), step.tokens)
      case 'deliver': {
        const lastJobSeq = Math.max(...model.jobs.keys())
        return model.messages.deliver(step.which, step.result, { now: model.now, lastJobSeq })
      }
      case 'redeliver':
        return model.messages.redeliver(step.which, model.now)
      case 'claim':
        return claim(scene, step)
      case 'append':
        return append(scene, pick(runs, step.which), step)
      case 'finish':
        return finish(scene, pick(runs, step.which), step)
      case 'release':
        return release(scene, pick(runs, step.which), step)
      case 'cancel':
        return cancel(scene, pick(seqs, step.which))
      case 'leave':
        return cancel(scene, pick(runs, step.which)?.claim.seq)
      case 'delivered':
        return delivered(scene, pick(seqs, step.which))
      case 'requeueLost':
        return requeueLost(scene)
      case 'promoteDue':
        return promoteDue(scene)
      case 'upkeep':
        return this.#upkeep()
      case 'count':
        return this.#count()
      case 'crashes':
        return this.#crash(step)
      case 'clock':
        model.now = Math.max(1, model.now + step.byMs)
        return Promise.resolve()
    }
  }

  async #crash({ group, times }: StepTo<'crashes'>): Promise<void> {
    for (let time = 0; time < times; time++) {
      await claim(this.#scene, { group, upTo: 1, isIdle: true })
      await this.#scene.model.check()
      await requeueLost(this.#scene)
      await this.#scene.model.check()
    }
  }

  async #upkeep(): Promise<Again> {
    const { model, tested } = this.#scene
    const { now } = model
    await this.#count()
    await upkeep(tested.store, now)
    for (const job of model.all()) {
      const { record } = job
      if (record.expiresAt !== null && record.expiresAt <= now) this.#expire(job)
      if (record.bytesExpireAt !== null && record.bytesExpireAt <= now) record.bytesExpireAt = null
    }
    model.distrustLogs()
    return () => upkeep(tested.store, now)
  }

  /** What is counted is what happened, whoever counts and when. */
  async #count(): Promise<void> {
    const { model, tested } = this.#scene
    await countAll(tested.store, model.now)
    await checkTallies(tested.store, model.happened)
  }

  #expire({ record }: ExpectedJob): void {
    const { model } = this.#scene
    if (model.messages.holds(record.seq, model.now)) record.expiresAt = model.now + DELIVERY_GRACE_MS
    else model.delete(record.seq)
  }

  /** Ends every job and lets it expire. Then nothing of it may be left. */
  async checkEnd(): Promise<void> {
    const { model, tested } = this.#scene
    for (const { record } of model.all()) if (!isEndState(record.state)) await cancel(this.#scene, record.seq)
    await requeueLost(this.#scene)
    await model.check()
    model.now += 1_000_000_000
    await this.#upkeep()
    await model.check()
    const { receivers: _receivers, ...left } = await tested.counts()
    deepEqual([...new Set(Object.values(left))], [0])
    await tested.ensureSound()
  }
}
