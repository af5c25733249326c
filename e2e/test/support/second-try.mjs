import { expect, jest } from '@jest/globals';

/**
 * End-to-end tests run whole programs beside whatever else the machine does. One that fails is run once more; what it
 * failed for is printed, and `.ci/run` names it. Unit tests have no such excuse.
 */
if (expect.getState().testPath?.includes('/e2e/')) jest.retryTimes(1, { logErrorsBeforeRetry: true });
