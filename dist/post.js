// The end of the job, also where the step failed or was skipped.
'use strict';

require('./index.js').end();
