import {
  type ForemanSetting,
  type ForemanTable,
  SettingError,
  setting,
  type SettingValues,
} from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import { type Caller, callersOf, parseCallers } from './access/callers.ts'
import { type Door, doorFault, parseDoors } from './access/doors.ts'
import { identitiesOf, OPERATOR, submittersOf, type Tokens } from './access/identities.ts'
import { type OriginPolicy, originPolicy } from './access/origins.ts'
import { parseShowWait, showWaitFault, type ShowWaitOfCaller } from './access/show-wait.ts'

export const gatewaySettings = {
  ...sharedSettings,
  addr: setting.address({ env: 'FOREMAN_ADDR', default: ':8080', describe: 'Where to listen' }),
  token: setting.token({
    env: 'FOREMAN_TOKEN',
    optional: true,
    secret: true,
    describe: 'The token that callers must send, as a bearer token, as x-api-key or as a password',
  }),
  shareBy: setting.choice({
    env: 'FOREMAN_SHARE_BY',
    default: 'user',
    choices: ['user', 'token', 'off'],
    describe: "Between whom the target's time is shared: callers and their users, callers alone, or nobody",
  }),
  trustProxy: setting.choice({
    env: 'FOREMAN_TRUST_PROXY',
    default: 'off',
    choices: ['on', 'off'],
    describe: 'Whether X-Forwarded-For says where a request comes from',
  }),
  tokens: {
    env: 'FOREMAN_TOKENS',
    default: '',
    secret: true,
    describe: 'More callers, each with a name and a token; each caller sees only its own jobs',
    allowed:
      'name:token or name:token:priority entries separated by commas, each name and token once, the tokens in printable ASCII without quotes',
    parse: parseCallers,
  } satisfies ForemanSetting<readonly Caller[]>,
  operatorToken: setting.token({
    env: 'FOREMAN_OPERATOR_TOKEN',
    optional: true,
    secret: true,
    describe: 'The token of operators, who see and do everything',
  }),
  viewerToken: setting.token({
    env: 'FOREMAN_VIEWER_TOKEN',
    optional: true,
    secret: true,
    describe: 'The token of viewers, who see everything but content, and do nothing',
  }),
  reveal: setting.choice({
    env: 'FOREMAN_REVEAL',
    default: 'on',
    choices: ['on', 'off'],
    describe: "Whether operators see the content of callers' jobs",
  }),
  doors: {
    env: 'FOREMAN_DOORS',
    default: '',
    describe: 'More addresses, each for one caller, whose programs need no token there',
    allowed:
      'name=address entries separated by commas, such as bulk=127.0.0.1:8081, each with the IP address of one interface (or localhost) and a port; not every interface, as in :8081 or 0.0.0.0:8081, because no token is needed there',
    parse: parseDoors,
  } satisfies ForemanSetting<readonly Door[]>,
  showWait: {
    env: 'FOREMAN_SHOW_WAIT',
    default: '',
    describe: 'Where callers are shown in a stream how long they wait, unless a request says so itself',
    allowed:
      'status, thinking or off, or caller=status, caller=thinking and caller=off entries separated by commas, each caller once',
    parse: parseShowWait,
  } satisfies ForemanSetting<readonly ShowWaitOfCaller[]>,
  management: setting.choice({
    env: 'FOREMAN_MANAGEMENT',
    default: 'on',
    choices: ['on', 'operator', 'off'],
    describe: 'Who may pull, push, create, copy and delete models: everybody, operators, or nobody',
  }),
  metrics: setting.choice({
    env: 'FOREMAN_METRICS',
    default: 'token',
    choices: ['token', 'open', 'off'],
    describe: 'Who may read /metrics: viewers and operators, everybody, or nobody',
  }),
  dashboard: setting.choice({
    env: 'FOREMAN_DASHBOARD',
    default: 'on',
    choices: ['on', 'read-only', 'off'],
    describe: 'The page at /dashboard: operators step in on it, it only shows, or there is none',
  }),
  maxBody: setting.size({
    env: 'FOREMAN_MAX_BODY',
    default: '100MB',
    min: '1KB',
    max: '900MB',
    describe: 'The largest request that becomes a job or asks for embeddings',
  }),
  bodyMemory: setting.size({
    env: 'FOREMAN_BODY_MEMORY',
    default: '256MB',
    min: '1MB',
    describe: 'The memory for all request bodies together; beyond it, foreman refuses the largest upload',
  }),
  maxQueued: setting.integer({
    env: 'FOREMAN_MAX_QUEUED',
    default: '10000',
    min: 1,
    describe: 'How many callers may wait on a connection for their jobs to start',
  }),
  maxQueuedJobs: setting.integer({
    env: 'FOREMAN_MAX_QUEUED_JOBS',
    default: '1000000',
    min: 1,
    describe: 'How many jobs may be queued before foreman refuses jobs that go on without their callers',
  }),
  maxBatch: setting.size({
    env: 'FOREMAN_MAX_BATCH',
    default: '32MB',
    min: '1KB',
    max: '900MB',
    describe: 'The largest batch of jobs',
  }),
  heartbeat: setting.duration({
    env: 'FOREMAN_HEARTBEAT',
    default: '10s',
    describe: 'How often a waiting streaming caller gets a heartbeat',
  }),
  hold: setting.duration({
    env: 'FOREMAN_HOLD',
    default: '240s',
    describe: 'How long a non-streaming caller waits before foreman sends its status',
  }),
  callerStall: setting.duration({
    env: 'FOREMAN_CALLER_STALL',
    default: '10m',
    describe: 'How long a caller may read nothing of its answer before foreman disconnects it',
  }),
  origins: {
    env: 'FOREMAN_ORIGINS',
    default: '',
    describe: 'Web pages that may call, besides those of this machine, by their origins',
    allowed:
      'origins separated by commas, such as https://chat.example.org or https://*.example.com: a scheme, a host, a port if it is not the usual one, at most one *, no path, no quotes',
    parse: originPolicy,
  } satisfies ForemanSetting<OriginPolicy>,
  minFree: setting.size({
    env: 'FOREMAN_MIN_FREE',
    default: '512MB',
    describe: 'The free space on the disk of the queue below which foreman refuses jobs',
  }),
  maxDbSize: setting.size({
    env: 'FOREMAN_MAX_DB_SIZE',
    optional: true,
    min: '1B',
    describe: 'The size of the queue above which foreman refuses jobs',
  }),
  syncTtl: setting.duration({
    env: 'FOREMAN_SYNC_TTL',
    default: '10m',
    min: '0s',
    max: '8760h',
    describe: 'How long foreman keeps request and answer after the caller has received the answer',
  }),
} satisfies ForemanTable

/** Durations are milliseconds, sizes bytes. */
export type GatewayConfig = SettingValues<typeof gatewaySettings>

/**
 * Checks what settings say together. Each of them alone is checked when it is parsed.
 *
 * @throws SettingError when a token shows two things about who sends it
 * @throws SettingError when a caller could be taken for an operator, or nobody could submit a job
 * @throws SettingError when a door leads to no caller, or has the address of another entrance
 * @throws SettingError when FOREMAN_SHOW_WAIT names a caller that does not exist
 */
export const ensureConsistent = (
  config: Pick<GatewayConfig, 'addr' | 'doors' | 'showWait' | keyof Tokens>,
): void => {
  ensureTokensDiffer(config)
  const submitting = submittersOf(identitiesOf(config))
  ensureRolesWork(config, submitting)
  const callers = callersOf(config.token, config.tokens).map(({ name }) => name)
  const faults = [
    [gatewaySettings.doors, doorFault({ ...config, callers })],
    [gatewaySettings.showWait, showWaitFault(config.showWait, submitting)],
  ] as const
  for (const [{ env }, fault] of faults) if (fault !== undefined) throw new SettingError(`${env} ${fault}`)
}

const ensureTokensDiffer = (config: Tokens): void => {
  const singles = (['token', 'operatorToken', 'viewerToken'] as const).map(key => ({
    env: gatewaySettings[key].env,
    token: config[key],
  }))
  for (const [at, { env, token }] of singles.entries()) {
    if (token === undefined) continue
    const other = config.tokens.find(caller => caller.token === token)
    if (other)
      throw new SettingError(
        `${gatewaySettings.tokens.env} gives ${other.name} the token in ${env}: each caller needs a token of its own`,
      )
    const twin = singles.slice(at + 1).find(single => single.token === token)
    if (twin) throw new SettingError(`${twin.env} has the token in ${env}: each needs a token of its own`)
  }
}

/** @param submitting the names of those with whose tokens jobs can be submitted */
const ensureRolesWork = (
  { tokens, operatorToken, viewerToken }: Tokens,
  submitting: readonly string[],
): void => {
  const { tokens: list, operatorToken: operators, viewerToken: viewers, token: single } = gatewaySettings
  if (operatorToken !== undefined && tokens.some(({ name }) => name === OPERATOR))
    throw new SettingError(
      `${list.env} has a caller named ${OPERATOR}, but those jobs are of whoever sends ${operators.env}: give it another name`,
    )
  if (viewerToken !== undefined && submitting.length === 0)
    throw new SettingError(
      `${viewers.env} is the only token, so nobody could submit a job: set ${single.env}, ${list.env} or ${operators.env}, too`,
    )
}
