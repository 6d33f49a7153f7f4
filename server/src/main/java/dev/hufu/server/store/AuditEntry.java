package dev.hufu.server.store;

/**
 * An audit event in its place in the chain.
 *
 * @param sequence from 1, without gaps
 * @param previousHash of the entry before, 64 hexadecimal digits; of the first, zeros
 * @param hash over this entry's content and {@code previousHash}, 64 hexadecimal digits
 */
public record AuditEntry(long sequence, AuditEvent event, String previousHash, String hash) {}
