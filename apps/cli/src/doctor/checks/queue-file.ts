import type { StoreFacts } from '../facts.ts'
import { type Check, fail, type Looked, ok, skipped, warn } from '../finding.ts'

/** A check of a queue that is there. */
const ofQueue =
  (look: (store: StoreFacts) => Looked): Check['look'] =>
  ({ store }) => {
    if (!store) return skipped('foreman runs elsewhere')
    return store.layout === 'none' ? skipped('there is no queue') : look(store)
  }

export const queueFileChecks: readonly Check[] = [
  {
    name: 'queue',
    look: ({ store }) => {
      if (!store) return skipped('foreman runs elsewhere')
      const { layout, file, problem } = store
      switch (layout) {
        case 'none':
          return fail(
            `there is no queue at ${file}`,
            "start foreman with 'foreman start', or set FOREMAN_DB_PATH",
          )
        case 'unreadable':
          return fail(
            `${file} cannot be read: ${problem}`,
            "if it is damaged, stop foreman and restore a backup with 'foreman restore'",
          )
        case 'foreign':
          return fail(`${file} is a database of another program`, 'set FOREMAN_DB_PATH to a file of its own')
        case 'newer':
          return fail(
            `${file} needs a newer foreman than this one`,
            "install the newer foreman, or restore a backup from before with 'foreman restore'",
          )
        case 'older':
          return warn(
            `${file} has an older layout`,
            'start the gateway or the worker of this version: it migrates it',
          )
        case 'current':
          return ok(file)
      }
    },
  },
  {
    name: 'damage',
    look: ofQueue(({ damage, file }) => {
      if (damage === undefined) return skipped('only with --deep')
      return damage === 'ok'
        ? ok('none')
        : fail(`${file} is damaged: ${damage}`, "stop foreman and restore a backup with 'foreman restore'")
    }),
  },
  {
    name: 'writable',
    look: ofQueue(({ isWritable, file }) =>
      isWritable === false
        ? fail(
            `this user cannot write ${file} or its directory`,
            'give both to the user of the gateway and the worker (chown), and see that the disk is not read-only',
          )
        : ok('yes'),
    ),
  },
  {
    name: 'privacy',
    look: ofQueue(({ mode = 0o600, file }) =>
      (mode & 0o077) === 0
        ? ok('only its owner can read it')
        : warn(`other users can read ${file} (mode ${mode.toString(8)})`, `chmod 600 ${file}`),
    ),
  },
]
