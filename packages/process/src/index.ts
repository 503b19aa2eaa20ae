export { EXIT_BAD_CONFIGURATION } from './exit-codes.ts'
export { ensureKnown, foremanEnvironment } from './foreman-environment.ts'
export {
  FOREMAN_VARIABLES,
  type ForemanSetting,
  type ForemanTable,
  type ForemanVariable,
} from './known-variables.ts'
export { listenRefusal, type Refusal, runMain } from './run-main.ts'
export { type OwnFigures, OwnFiguresReader } from './own-figures.ts'
export type { Service } from './service.ts'
export { type Address, formatAddress, localUrl, parseAddress } from './settings/address.ts'
export type { Command } from './settings/command-line.ts'
export { parseDuration } from './settings/duration.ts'
export { describeSettings, type SettingRow } from './settings/describe.ts'
export { type Environment, withEnvFile } from './settings/env-file.ts'
export { HelpShown, SettingError } from './settings/errors.ts'
export { flagsAsEnvironment, readAndShow, readSettings, type ShownSetting } from './settings/read-settings.ts'
export {
  parseToken,
  setting,
  type Setting,
  type SettingTable,
  type SettingValues,
} from './settings/setting.ts'
export { STARTED } from './started.ts'
export { onStopRequest, type StopReason } from './stop-request.ts'
export { MAX_TIMER_MS } from './timers.ts'
