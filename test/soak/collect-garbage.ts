import v8 from 'node:v8'
import vm from 'node:vm'

/*
 * Loaded into the processes that a soak measures. Under load V8 gives young objects a space of more than a hundred
 * megabytes. It makes that space small again only in a collection that is to save memory, and a process that has little to
 * do collects no garbage for minutes: its memory then says nothing about what it needs.
 */
v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void
process.on('SIGUSR2', () => collect({ type: 'major', flavor: 'last-resort' }))
