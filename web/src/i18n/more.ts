/** English for everything behind the first sight: imported by the pages and parts that are chunks of their own. */
import { explore } from './en-explore';
import { rounds } from './en-rounds';
import { add } from '.';

add({ ...explore, ...rounds });
