import { setting } from '@foreman/process'

/** Settings of the simulation as a process of its own. */
export const settings = {
  addr: setting.address({
    env: 'FOREMAN_SIM_ADDR',
    default: '127.0.0.1:11434',
    describe: 'Where to listen',
  }),
  maxLoaded: setting.integer({
    env: 'FOREMAN_SIM_MAX_LOADED',
    default: '2',
    min: 1,
    describe: 'Models resident at a time',
  }),
  load: setting.duration({
    env: 'FOREMAN_SIM_LOAD',
    default: '0s',
    min: '0s',
    describe: 'What it costs to load a model',
  }),
  rate: setting.integer({
    env: 'FOREMAN_SIM_RATE',
    default: '0',
    min: 0,
    describe: 'Tokens a second; 0 says everything at once',
  }),
  prompt: setting.duration({
    env: 'FOREMAN_SIM_PROMPT',
    default: '0s',
    min: '0s',
    describe: 'Time to read a prompt',
  }),
  parallel: setting.integer({
    env: 'FOREMAN_SIM_PARALLEL',
    default: '1',
    min: 1,
    describe: 'Requests that a model serves at a time',
  }),
  maxQueue: setting.integer({
    env: 'FOREMAN_SIM_MAX_QUEUE',
    default: '512',
    min: 0,
    describe: 'Requests that may wait for a load; one more gets a 503',
  }),
  keepAlive: setting.duration({
    env: 'FOREMAN_SIM_KEEP_ALIVE',
    default: '5m',
    min: '0s',
    describe: 'How long an idle model stays when no request says',
  }),
}
