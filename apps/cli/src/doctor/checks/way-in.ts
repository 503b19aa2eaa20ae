import { sizeInWords } from '@foreman/jobs'
import type { ThroughFacts } from '../facts.ts'
import { type Check, fail, type Looked, ok, skipped, warn } from '../finding.ts'

const UNBUFFERED = 'switch off the buffering of answers (nginx: proxy_buffering off)'

/** A check of a public address at which foreman answers. */
const through =
  (look: (facts: ThroughFacts) => Looked): Check['look'] =>
  ({ through: facts }) => {
    if (!facts) return skipped('only with --through URL')
    return facts.isForeman ? look(facts) : skipped('foreman does not answer there')
  }

export const wayInChecks: readonly Check[] = [
  {
    name: 'public address',
    look: ({ through: facts }) => {
      if (!facts) return skipped('only with --through URL')
      return facts.isForeman
        ? ok(facts.url)
        : fail(
            `foreman does not answer at ${facts.url} (${facts.problem})`,
            'let the proxy pass all paths on to the gateway',
          )
    },
  },
  {
    name: 'buffering',
    look: through(({ stream }) => {
      if (!stream) return skipped('no stream could be opened: give a token')
      return stream === 'held_back'
        ? fail('the proxy keeps the pieces of a stream back', UNBUFFERED)
        : ok('streams come piece by piece')
    }),
  },
  {
    name: 'silence',
    look: through(({ stream, cutAfterMs = 0 }) => {
      if (!stream) return skipped('no stream could be opened: give a token')
      if (stream === 'held_back') return skipped('the proxy keeps the pieces of a stream back')
      return stream === 'cut'
        ? fail(
            `the proxy cuts a connection after ${(cutAfterMs / 1_000).toFixed(1)} s of silence`,
            'let it wait longer (nginx: proxy_read_timeout 10m)',
          )
        : ok('heartbeats come through; answers without streaming are silent for up to FOREMAN_HOLD')
    }),
  },
  {
    name: 'body size',
    look: through(({ bodyBytes = 0, isBodyTaken }) => {
      if (isBodyTaken === undefined) return skipped('not tried')
      const size = sizeInWords(bodyBytes)
      return isBodyTaken
        ? ok(`a body of ${size} comes through`)
        : fail(
            `the proxy refuses a body of ${size}`,
            'let it take as much as FOREMAN_MAX_BODY (nginx: client_max_body_size 100m)',
          )
    }),
  },
  {
    name: 'host',
    look: through(({ isHostKept }) => {
      if (isHostKept === undefined) return skipped('not tried')
      return isHostKept
        ? ok('pages of the public address may call foreman')
        : warn(
            'the proxy does not pass the Host on: pages of the public address get 403',
            'let it (nginx: proxy_set_header Host $http_host), or list the address in FOREMAN_ORIGINS',
          )
    }),
  },
]
