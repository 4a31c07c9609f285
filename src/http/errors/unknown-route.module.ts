import { Module } from '@nestjs/common';
import { UnknownRouteController } from './unknown-route.controller.js';

/** A module of its own, so that it can be imported after all others. */
@Module({ controllers: [UnknownRouteController] })
export class UnknownRouteModule {}
