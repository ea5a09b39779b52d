FROM debian:bookworm-slim
# Everything that only a person at a terminal would read goes in the same step, so that no layer keeps it.
RUN apt-get update -qq \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /var/log/*.log \
 && install -d -o redis -g redis /data
USER redis
WORKDIR /data
ENTRYPOINT ["/usr/bin/redis-server"]
