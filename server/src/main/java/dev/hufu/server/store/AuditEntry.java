package dev.hufu.server.store;

import dev.hufu.server.audit.HashChain;

/**
 * An audit event in its place in the chain.
 *
 * @param sequence from 1, without gaps
 * @param previousHash of the entry before, 64 hexadecimal digits; of the first, zeros
 * @param hash over this entry's content and {@code previousHash}, 64 hexadecimal digits
 */
public record AuditEntry(long sequence, AuditEvent event, String previousHash, String hash) {
    /** As the chain sees it. */
    public HashChain.Link link() {
        return new HashChain.Link(
                new HashChain.Content(
                        sequence, event.at(), event.actor(), event.action(), event.subject(), event.detail()),
                previousHash,
                hash);
    }
}
