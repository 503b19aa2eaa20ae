import { deliveryQueryProperties } from './components.ts'
import { forMany } from './operations.ts'
import { parametersOf } from './parameters.ts'
import { answer, notTaken, ofJob, problems } from './responses.ts'

const tags = ['webhooks']

const ofDelivery = { ...ofJob, 404: '`job_not_found`, `delivery_not_found`' }

export const listDeliveries = {
  operationId: 'listDeliveries',
  tags,
  summary: 'The webhooks of a job, and their attempts',
  responses: { 200: answer('All webhooks of the job', 'DeliveryList'), ...problems(ofJob) },
}

export const getDelivery = {
  operationId: 'getDelivery',
  tags,
  summary: 'One webhook, and its attempts',
  responses: { 200: answer('The delivery', 'Delivery'), ...problems(ofDelivery) },
}

export const listAllDeliveries = {
  operationId: 'listAllDeliveries',
  tags,
  summary: 'List the webhooks of all jobs, the newest first',
  description: 'A caller sees those of its own jobs, operators and viewers see all.',
  parameters: parametersOf(deliveryQueryProperties),
  responses: {
    200: answer('A page of webhooks', 'DeliveryPage'),
    ...problems({ 422: '`invalid_request`: a parameter is not valid or not known' }),
  },
}

export const listReceivers = {
  operationId: 'listReceivers',
  tags,
  summary: 'The hosts that webhooks go to, and how it goes there',
  responses: {
    200: answer('The hosts', 'Receivers'),
    ...problems({
      403: '`forbidden`: only an operator or a viewer may see this; or as on every route',
      503: '`unavailable`: the queue cannot be read now',
    }),
  },
}

export const redeliverMany = {
  operationId: 'redeliverMany',
  summary: 'Send the dead webhooks of a filter again',
  description:
    'For operators. It goes on in short steps after the answer. When it is sent again, it does what is left.',
  ...forMany('Redelivery'),
}

export const redeliver = {
  operationId: 'redeliver',
  tags,
  summary: 'Send a webhook again',
  description: 'Sends the same message with the same `webhook-id`.',
  responses: {
    202: answer('The delivery. It is pending again', 'Delivery'),
    ...problems({ ...ofDelivery, ...notTaken }),
  },
}
