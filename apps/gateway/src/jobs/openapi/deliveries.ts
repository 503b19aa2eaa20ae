import { answer, notTaken, ofJob, problems } from './responses.ts'

const tags = ['webhooks']

const ofDelivery = { ...ofJob, 404: '`job_not_found`, `delivery_not_found`' }

export const listDeliveries = {
  operationId: 'listDeliveries',
  tags,
  summary: 'What became of the webhooks of a job',
  responses: { 200: answer('All of them', 'DeliveryList'), ...problems(ofJob) },
}

export const getDelivery = {
  operationId: 'getDelivery',
  tags,
  summary: 'What became of one webhook',
  responses: { 200: answer('The delivery', 'Delivery'), ...problems(ofDelivery) },
}

export const redeliver = {
  operationId: 'redeliver',
  tags,
  summary: 'Send a webhook again',
  description: 'The same message with the same `webhook-id`.',
  responses: {
    202: answer('The delivery, which is pending again', 'Delivery'),
    ...problems({ ...ofDelivery, ...notTaken }),
  },
}
