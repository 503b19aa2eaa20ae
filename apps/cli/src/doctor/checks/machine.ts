import { sizeInWords } from '@foreman/jobs'
import { type Check, fail, ok, skipped, warn } from '../finding.ts'

const OLDEST_NODE = [22, 18] as const
const SLOW_FLUSH_MS = 20
const FAR_OFF_MS = 5_000
const LARGE_LOG_BYTES = 256 * 1024 * 1024
const NETWORK = /^(nfs|cifs|smb|afs|9p|ceph|glusterfs|lustre|vboxsf|prl_fs|osxfs|virtiofs|fuse)/

const ELSEWHERE = skipped('foreman runs elsewhere')

export const machineChecks: readonly Check[] = [
  {
    name: 'node',
    look: ({ node }) => {
      const [major = 0, minor = 0] = node.split('.').map(Number)
      const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])
      return isOld
        ? fail(`Node ${node} is too old`, `install Node ${OLDEST_NODE.join('.')} or newer`)
        : ok(`Node ${node}`)
    },
  },
  {
    name: 'settings',
    look: ({ settings }) => {
      if (!settings) return ELSEWHERE
      return settings.problem === undefined
        ? ok('can be used')
        : fail(
            settings.problem,
            'set it in the environment or in .env; docs/configuration.md lists all settings',
          )
    },
  },
  {
    name: 'file system',
    look: ({ store }) => {
      if (!store) return ELSEWHERE
      const { fileSystem, file } = store
      if (fileSystem === undefined) return skipped('nobody knows on which file system the queue is')
      return NETWORK.test(fileSystem)
        ? fail(
            `${file} is on ${fileSystem}, where locks of files may not work`,
            'move it to a local disk or a named volume of Docker (FOREMAN_DB_PATH)',
          )
        : ok(fileSystem)
    },
  },
  {
    name: 'room',
    look: ({ store, settings }) => {
      if (store?.freeBytes === undefined || !settings) return skipped('not known')
      const { freeBytes } = store
      const least = settings.minFreeBytes
      const remedy = 'free some space, or move the queue to a larger disk'
      if (freeBytes < least)
        return fail(
          `${sizeInWords(freeBytes)} are free, less than FOREMAN_MIN_FREE (${sizeInWords(least)}): jobs are refused`,
          remedy,
        )
      return freeBytes < 2 * least
        ? warn(`${sizeInWords(freeBytes)} are free; below ${sizeInWords(least)} jobs are refused`, remedy)
        : ok(`${sizeInWords(freeBytes)} are free`)
    },
  },
  {
    name: 'disk speed',
    look: ({ store }) => {
      const times = store?.flushMs
      if (!times || times.length === 0) return skipped('nothing could be written beside the queue')
      const [middle, last] = [times[Math.floor(times.length / 2)]!, times.at(-1)!]
      const text = `a small write takes ${middle.toFixed(1)} ms, ${last.toFixed(1)} ms at worst`
      return middle > SLOW_FLUSH_MS
        ? warn(text, 'put the queue on a faster disk: each job that is handed over waits for it')
        : ok(text)
    },
  },
  {
    name: 'write-ahead log',
    look: ({ store }) => {
      if (store?.walBytes === undefined) return skipped('there is no queue')
      return store.walBytes > LARGE_LOG_BYTES
        ? warn(
            `${sizeInWords(store.walBytes)} wait to be moved into ${store.file}: somebody reads an old state of it`,
            'end long backups, and shells with an open transaction (fuser shows who has the file open)',
          )
        : ok(sizeInWords(store.walBytes))
    },
  },
  {
    name: 'clock',
    look: ({ gateway, target }) => {
      const seen = [
        ['the gateway', gateway.aheadMs],
        ['the target', target?.aheadMs],
      ].flatMap(([whose, aheadMs]) => (typeof aheadMs === 'number' ? [{ whose, aheadMs }] : []))
      if (seen.length === 0) return skipped('nobody to compare it with')
      const off = seen.find(({ aheadMs }) => Math.abs(aheadMs) > FAR_OFF_MS)
      return off
        ? warn(
            `the clock of ${off.whose} differs by ${Math.round(Math.abs(off.aheadMs) / 1_000)} s`,
            'keep the clocks of all machines by NTP: receivers refuse webhooks whose time is off by minutes',
          )
        : ok(`agrees with that of ${seen.map(({ whose }) => whose).join(' and ')}`)
    },
  },
]
