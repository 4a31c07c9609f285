import { describeChatBackend } from './chat-backend.contract.js';
import { RESPONSES_KIND } from './responses-kind.js';

describeChatBackend(RESPONSES_KIND);
