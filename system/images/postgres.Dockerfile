FROM debian:bookworm-slim
# No cluster of Debian's own. The just-in-time compiler (110 MB) is never used: the start command says jit=off.
RUN mkdir -p /etc/postgresql-common \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
 && apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql-15 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/log/*.log \
    /usr/lib/*/libLLVM-14.so* /usr/lib/postgresql/15/lib/bitcode /usr/lib/postgresql/15/lib/llvmjit* \
 && install -d -o postgres -g postgres -m 0700 /data
USER postgres
WORKDIR /data
# The empty cluster with its user and database is made here, once: an engine copies /data into a new volume, so a node
# starts in well under a second. Who may connect is decided by the inner network, which only the system's nodes are on.
RUN /usr/lib/postgresql/15/bin/initdb -D /data -U redpacket --auth=trust --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
 && echo "host all all all trust" >> /data/pg_hba.conf \
 && /usr/lib/postgresql/15/bin/pg_ctl -D /data -w -o "-c listen_addresses= -c unix_socket_directories=/tmp" start \
 && /usr/bin/createdb -h /tmp -U redpacket redpacket \
 && /usr/lib/postgresql/15/bin/pg_ctl -D /data -w -m fast stop
ENTRYPOINT ["/usr/lib/postgresql/15/bin/postgres", "-D", "/data"]
