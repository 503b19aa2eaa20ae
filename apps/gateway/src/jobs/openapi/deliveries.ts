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
