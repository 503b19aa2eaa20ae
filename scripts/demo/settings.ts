import { setting } from '@foreman/process'

export const settings = {
  port: setting.integer({
    env: 'FOREMAN_DEMO_PORT',
    default: '0',
    min: 0,
    max: 65_535,
    describe: 'The port of the page; 0: a free one',
  }),
  speed: setting.integer({
    env: 'FOREMAN_DEMO_SPEED',
    default: '1',
    min: 1,
    max: 100,
    describe: 'How many times as fast models load, answer, and are asked',
  }),
  past: setting.choice({
    env: 'FOREMAN_DEMO_PAST',
    default: 'off',
    choices: ['on', 'off'],
    describe: 'Whether to begin with two hours that are over already',
  }),
}
