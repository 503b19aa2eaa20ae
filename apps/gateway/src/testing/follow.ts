import type { Store } from '@foreman/store'
import { unavailableError } from '@foreman/store/testing'
import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import type { MockInstance } from 'vitest'
import type { Foretelling } from '../answer/beat.ts'
import type { FollowOptions } from '../answer/follow-options.ts'
import { LogFollowers } from '../answer/log-followers.ts'
import { Forecaster } from '../forecast/forecaster.ts'
import { watch } from './send.ts'
import { serve } from './serve.ts'

const LONG_MS = 60_000
const logger = pino({ enabled: false })

interface Given {
  readonly store: Store
  /** How long the caller hears nothing while there is nothing to send. */
  readonly silenceMs: number
}

/** Serves each caller by `follow`. `ended` is what that resolves with. */
export const serveFollowing = async <T>(
  { store, silenceMs }: Given,
  follow: (response: ServerResponse, options: FollowOptions & Foretelling) => Promise<T>,
) => {
  const gatewayStops = new AbortController()
  const ended = Promise.withResolvers<T>()
  const options = {
    store,
    followers: new LogFollowers({ store, logger }),
    forecaster: new Forecaster(store, () => store.now()),
    logger,
    patience: { heartbeatMs: silenceMs, holdMs: silenceMs, stallMs: LONG_MS },
    cutOff: gatewayStops.signal,
  }
  const url = await serve((_request, response) => {
    follow(response, options).then(ended.resolve, ended.reject)
  })
  return { call: () => watch(url), gatewayStops, ended: ended.promise }
}

/** Lets a look at the queue fail for now, again and again. @returns a promise of the first one */
export const failForNow = (look: MockInstance<(...asked: never[]) => Promise<unknown>>): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  look.mockImplementation(() => {
    resolve()
    return Promise.reject(unavailableError())
  })
  return promise
}
