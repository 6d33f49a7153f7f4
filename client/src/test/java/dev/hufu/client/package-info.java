/** Tests of the client, against a server that answers what a test tells it to. */
@NullMarked
package dev.hufu.client;

import org.jspecify.annotations.NullMarked;
